namespace FastStream;

/// <summary>Batches, and those who want to look between two of them, one after another: whoever comes first goes first.</summary>
/// <remarks>A batch that nobody is in the way of waits for nothing and allocates nothing. Safe from any thread.</remarks>
internal sealed class BatchTurns
{
    private readonly SemaphoreSlim _turn = new(0, 1);   // nobody goes before the start
    private BatchTime _last;                            // the last batch that ran; whose turn it is may read and set it
    private bool _hasBegun;                             // before the start nobody has the turn
    private bool _isClosed;                             // no batch follows, and what was to be looked at goes; as _last

    /// <summary>The turns begin.</summary>
    /// <param name="last">The last batch of an earlier run, or zero time.</param>
    public void Begin(BatchTime last)
    {
        _last = last;
        _hasBegun = true;
        _turn.Release();
    }

    /// <summary>A batch's turn, until the result is disposed.</summary>
    public async ValueTask<Turn> BeginBatchAsync(BatchTime time)
    {
        await _turn.WaitAsync().ConfigureAwait(false);
        return new Turn(this, time);
    }

    /// <summary>Looks at something between two batches.</summary>
    /// <param name="look">Gets the last batch that ran.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
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

    /// <summary>Nobody looks any more; waits for whoever does. When no batch follows.</summary>
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
