namespace FastStream;

/// <summary>Who waits for batches to be done with. Safe from any thread.</summary>
internal sealed class CompletionWaiters
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<BatchTime, TaskCompletionSource> _waiters = [];
    private BatchTime _last = new(long.MinValue);   // the newest batch done with
    private bool _closed;                           // no batch comes any more

    public Task WhenAsync(BatchTime time)
    {
        lock (_lock)
        {
            if (time <= _last)
            {
                return Task.CompletedTask;
            }

            if (_closed)
            {
                return Task.FromException(new InvalidOperationException($"Batch {time} will not run: the context has stopped. The last batch was {_last}."));
            }

            if (!_waiters.TryGetValue(time, out TaskCompletionSource? waiter))
            {
                _waiters.Add(time, waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
            }

            return waiter.Task;
        }
    }

    public void Complete(BatchTime time)
    {
        lock (_lock)
        {
            _last = time;
            while (_waiters.Count > 0 && _waiters.First() is var first && first.Key <= time)
            {
                _waiters.Remove(first.Key);
                first.Value.TrySetResult();
            }
        }
    }

    public void Close()
    {
        lock (_lock)
        {
            _closed = true;
            foreach ((BatchTime time, TaskCompletionSource waiter) in _waiters)
            {
                waiter.TrySetException(new InvalidOperationException($"Batch {time} will not run: the context has stopped. The last batch was {_last}."));
                _ = waiter.Task.Exception;   // whoever has given up waiting misses nothing
            }

            _waiters.Clear();
        }
    }
}
