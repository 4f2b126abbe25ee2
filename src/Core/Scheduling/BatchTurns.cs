namespace FastStream;

/// <summary>Gives turns to batches and to readers between two of them, one after another, in order of arrival.</summary>
/// <remarks>An uncontended batch does not wait and allocates nothing. Safe from any thread.</remarks>
internal sealed class BatchTurns
{
    private readonly SemaphoreSlim _turn = new(0, 1);   // no turns before the start
    private BatchTime _last;                            // the last batch that ran; only the holder of the turn reads and sets it
    private bool _hasBegun;                             // whether the start was; before it, there are no turns
    private bool _isClosed;                             // no batch follows, and the states are about to go; used as _last

    /// <summary>Begins the turns.</summary>
    /// <param name="last">The last batch of an earlier run, or zero time.</param>
    public void Begin(BatchTime last)
    {
        _last = last;
        _hasBegun = true;
        _turn.Release();
    }

    /// <summary>Waits for a batch's turn, which lasts until the result is disposed of.</summary>
    public async ValueTask<Turn> BeginBatchAsync(BatchTime time)
    {
        await _turn.WaitAsync().ConfigureAwait(false);
        return new Turn(this, time);
    }

    /// <summary>Calls a function between two batches.</summary>
    /// <param name="look">The function; receives the last batch that ran.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <exception cref="InvalidOperationException">The context has stopped.</exception>
    public async Task<TResult> BetweenAsync<TResult>(Func<BatchTime, TResult> look, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return _isClosed ? throw Throw.NotWhile(StreamingContextState.Stopped, "Reading states") : look(_last);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Ends the turns, after waiting for the current holder. Call it when no batch follows.</summary>
    public async Task CloseAsync()
    {
        if (_hasBegun)
        {
            await _turn.WaitAsync().ConfigureAwait(false);
        }

        _isClosed = true;
        _turn.Release();
    }

    /// <summary>The turn of one batch.</summary>
    public readonly struct Turn(BatchTurns turns, BatchTime time) : IDisposable
    {
        public void Dispose()
        {
            turns._last = time;
            turns._turn.Release();
        }
    }
}
