namespace FastStream.Runtime;

/// <summary>How much may be held at a time, in records or bytes: who wants more waits, in order, until something is given back.</summary>
/// <remarks>
/// For a source that holds what it received until its batch is done with: take before receiving more, give back when the batch is disposed.
/// One request larger than the limit passes when nothing else is held, so that nobody waits for ever. Safe from any thread.
/// </remarks>
/// <param name="limit">The most that is held.</param>
public sealed class WeightedSemaphore(long limit)
{
    private readonly Lock _lock = new();                                        // guards _held and _waiting
    private readonly LinkedList<(long Amount, TaskCompletionSource Granted)> _waiting = [];
    private long _held;

    /// <summary>How much is held now.</summary>
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

    /// <summary>Takes if there is room now and nobody waits.</summary>
    /// <param name="amount">How much.</param>
    public bool TryTake(long amount)
    {
        lock (_lock)
        {
            return _waiting.Count == 0 && TryTakeLocked(amount);
        }
    }

    /// <summary>Takes when there is room, in the order of the calls.</summary>
    /// <param name="amount">How much.</param>
    /// <param name="cancellationToken">Gives up waiting; nothing is taken then.</param>
    /// <exception cref="OperationCanceledException">The waiting was given up.</exception>
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

    /// <summary>Takes whether there is room or not: for what is there already.</summary>
    /// <param name="amount">How much.</param>
    public void TakeAnyway(long amount)
    {
        lock (_lock)
        {
            _held += amount;
        }
    }

    /// <summary>Gives back; whoever has room now goes on.</summary>
    /// <param name="amount">How much: no more than was taken.</param>
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
            // Not in the list any more: it was granted just before.
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
