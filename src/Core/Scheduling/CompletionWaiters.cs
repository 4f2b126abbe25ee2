namespace FastStream;

/// <summary>Tasks waiting for a batch to complete, and the failures of recent batches. Safe from any thread.</summary>
internal sealed class CompletionWaiters
{
    private const int MostFailures = 1000;

    private readonly Lock _lock = new();
    private readonly SortedDictionary<BatchTime, TaskCompletionSource> _waiters = [];
    private readonly SortedDictionary<BatchTime, Exception> _failures = [];   // of the newest failed batches
    private BatchTime _last = new(long.MinValue);                             // the newest complete batch
    private BatchTime _forgotten = new(long.MinValue);                        // failures of batches up to this one are no longer known
    private Exception? _end;                                                  // why no batch follows, if that is a failure
    private bool _closed;                                                     // no batch follows

    public Task WhenAsync(BatchTime time)
    {
        lock (_lock)
        {
            if (time <= _last)
            {
                return Past(time);
            }

            if (_closed)
            {
                return Task.FromException(WillNotRun(time));
            }

            if (!_waiters.TryGetValue(time, out TaskCompletionSource? waiter))
            {
                _waiters.Add(time, waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
            }

            return waiter.Task;
        }
    }

    /// <summary>Completes the waits for a batch; <paramref name="failure"/> says why it failed, or is null.</summary>
    public void Complete(BatchTime time, Exception? failure)
    {
        lock (_lock)
        {
            if (_closed)
            {
                return;
            }

            if (failure is not null)
            {
                Remember(time, failure);
            }

            _last = time > _last ? time : _last;
            while (_waiters.Count > 0 && _waiters.First() is var first && first.Key <= time)
            {
                _waiters.Remove(first.Key);
                if (first.Key == time && failure is not null)
                {
                    Fail(first.Value, failure);
                }
                else
                {
                    first.Value.TrySetResult();
                }
            }
        }
    }

    /// <summary>Ends all waits: no batch follows, because of a failure or a stop.</summary>
    public void Close(Exception? failure)
    {
        lock (_lock)
        {
            if (_closed)
            {
                return;
            }

            _closed = true;
            _end = failure;
            foreach ((BatchTime time, TaskCompletionSource waiter) in _waiters)
            {
                Fail(waiter, WillNotRun(time));
            }

            _waiters.Clear();
        }
    }

    private Task Past(BatchTime time) =>
        _failures.TryGetValue(time, out Exception? failure) ? Task.FromException(failure)
        : time > _forgotten ? Task.CompletedTask
        : Task.FromException(new InvalidOperationException(
            $"It is not known any more whether batch {time} failed: the last {MostFailures} failures are kept, and "
                + "there were more since. Wait for a batch before or while it runs."));

    private void Remember(BatchTime time, Exception failure)
    {
        _failures[time] = failure;
        if (_failures.Count > MostFailures)
        {
            _forgotten = _failures.First().Key;
            _failures.Remove(_forgotten);
        }
    }

    private InvalidOperationException WillNotRun(BatchTime time) =>
        new($"Batch {time} will not run: the context has stopped. The last batch was {_last}.{(_end is null ? "" : $" {_end.Message}")}",
            _end);

    private static void Fail(TaskCompletionSource waiter, Exception failure)
    {
        waiter.TrySetException(failure);
        _ = waiter.Task.Exception;   // observed here, in case nothing awaits the task any more
    }
}
