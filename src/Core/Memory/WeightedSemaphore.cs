namespace FastStream.Runtime;

/// <summary>
/// Bounds how much is held at a time, in records or bytes: a request beyond the limit waits, in order, until enough is
/// given back.
/// </summary>
/// <remarks>
/// For a source that holds received data until its batch is disposed of: take before receiving more, give back when the
/// batch is disposed of. A single request larger than the limit passes when nothing else is held, so that no request
/// waits for ever. Safe from any thread.
/// </remarks>
/// <param name="limit">The most that may be held.</param>
public sealed class WeightedSemaphore(long limit)
{
    private readonly Lock _lock = new();                                        // guards _held and _waiting
    private readonly LinkedList<(long Amount, TaskCompletionSource Granted)> _waiting = [];
    private long _held;

    /// <summary>The amount held now.</summary>
    public long Held
    {
        get
        {
            lock (_lock)
            {
                return _held;
            }
        }
    }

    /// <summary>Takes an amount if there is room now and no request waits.</summary>
    /// <param name="amount">The amount.</param>
    public bool TryTake(long amount)
    {
        lock (_lock)
        {
            return _waiting.Count == 0 && TryTakeLocked(amount);
        }
    }

    /// <summary>Takes an amount when there is room, in the order of the calls.</summary>
    /// <param name="amount">The amount.</param>
    /// <param name="cancellationToken">Cancels the wait; nothing is taken then.</param>
    /// <exception cref="OperationCanceledException">The wait was cancelled.</exception>
    public ValueTask TakeAsync(long amount, CancellationToken cancellationToken)
    {
        LinkedListNode<(long Amount, TaskCompletionSource Granted)> node;
        lock (_lock)
        {
            if (_waiting.Count == 0 && TryTakeLocked(amount))
            {
                return ValueTask.CompletedTask;
            }

            node = _waiting.AddLast((amount, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)));
        }

        return new ValueTask(WaitAsync(node, cancellationToken));
    }

    /// <summary>Takes an amount whether there is room or not: for data already received.</summary>
    /// <param name="amount">The amount.</param>
    public void TakeAnyway(long amount)
    {
        lock (_lock)
        {
            _held += amount;
        }
    }

    /// <summary>Gives an amount back; waiting requests that fit now continue.</summary>
    /// <param name="amount">The amount: no more than was taken.</param>
    public void Give(long amount)
    {
        lock (_lock)
        {
            _held -= amount;
            GrantLocked();
        }
    }

    private async Task WaitAsync(LinkedListNode<(long Amount, TaskCompletionSource Granted)> node, CancellationToken cancellationToken)
    {
        using (cancellationToken.Register(() => Cancel(node, cancellationToken)))
        {
            await node.Value.Granted.Task.ConfigureAwait(false);
        }
    }

    private void Cancel(LinkedListNode<(long Amount, TaskCompletionSource Granted)> node, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            // A request that has left the list was granted just before.
            if (node.List is not null)
            {
                _waiting.Remove(node);
                node.Value.Granted.TrySetCanceled(cancellationToken);
                GrantLocked();
            }
        }
    }

    private void GrantLocked()
    {
        while (_waiting.First is { } first && TryTakeLocked(first.Value.Amount))
        {
            _waiting.RemoveFirst();
            first.Value.Granted.TrySetResult();
        }
    }

    private bool TryTakeLocked(long amount)
    {
        if (_held > 0 && _held + amount > limit)
        {
            return false;
        }

        _held += amount;
        return true;
    }
}
