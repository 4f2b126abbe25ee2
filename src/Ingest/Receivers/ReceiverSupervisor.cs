namespace FastStream;

/// <summary>Runs one receiver: starts it, begins again what failed, stops it, tells listeners, and keeps what it stores. Safe from any thread.</summary>
internal sealed class ReceiverSupervisor<T>
{
    private readonly StreamingContext _context;
    private readonly Receiver<T> _receiver;
    private readonly ReceiverEvents _events;
    private readonly RecordQueue<T> _queue;
    private readonly RateLimiter? _limiter;             // null: no limit
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new();                // guards the fields below
    private CancellationTokenSource? _run;              // ends the present run
    private TimeSpan? _restartDelay;                    // asked for by Restart; null when it was not
    private ReceiverState _state;
    private Task _running = Task.CompletedTask;
    private CancellationToken _abort;                   // cancelled when nothing received matters any more

    public ReceiverSupervisor(DStream stream, Receiver<T> receiver)
    {
        StreamingOptions.Check(receiver.RestartDelay >= TimeSpan.Zero, nameof(receiver.RestartDelay), receiver.RestartDelay, "0 or more is expected");
        _context = stream.Context;
        _receiver = receiver;
        StreamId = stream.Id;
        _events = new ReceiverEvents(stream);
        _queue = new RecordQueue<T>(_context.Options.MaxBufferedRecords);
        _limiter = ReceiverRate.LimiterFor(stream);
        receiver.Attach(this);
    }

    public int StreamId { get; }

    public RecordQueue<T> Queue => _queue;

    public RateLimiter? Limiter => _limiter;

    /// <summary>Cancelled when nothing received matters any more.</summary>
    public CancellationToken Aborted => _abort;

    public ReceiverState State
    {
        get
        {
            lock (_lock)
            {
                return _state;
            }
        }
    }

    public void Start(CancellationToken abort)
    {
        lock (_lock)
        {
            _abort = abort;
            if (_state == ReceiverState.Initialized)
            {
                _state = ReceiverState.Started;
                _running = Task.Run(() => RunAsync(abort), CancellationToken.None);
            }
        }
    }

    /// <summary>Ends the receiver and waits until it has stored what it still wants to.</summary>
    public async ValueTask StopAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false);
    }

    public void Close()
    {
        _queue.Close();
        _stop.Dispose();
    }

    public ValueTask StoreAsync(T record, CancellationToken cancellationToken)
    {
        bool reserved = _queue.TryReserve(1);
        if (reserved && (_limiter is null || _limiter.TryAcquire()))
        {
            _queue.Add(record);
            return ValueTask.CompletedTask;
        }

        return WaitAndStoreAsync(record, reserved, cancellationToken);
    }

    public async ValueTask StoreBlockAsync(ReadOnlyMemory<T> records, CancellationToken cancellationToken)
    {
        if (records.IsEmpty)
        {
            return;
        }

        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _abort);
        await _queue.ReserveAsync(records.Length, either.Token).ConfigureAwait(false);
        _queue.AddRange(records.Span);
    }

    public void Restart(string message, Exception? error, TimeSpan? delay)
    {
        _events.Error(message, error);
        lock (_lock)
        {
            _restartDelay = delay ?? _receiver.RestartDelay;
            CancelRunLocked();
        }
    }

    public void Stop(string message, Exception? error)
    {
        if (error is not null)
        {
            _events.Error(message, error);
        }
        else
        {
            _events.Note(message);
        }

        lock (_lock)
        {
            _state = ReceiverState.Stopped;
            CancelRunLocked();
        }
    }

    public void ReportError(string message, Exception? error) => _events.Error(message, error);

    /// <summary>Makes room for one record and lets it pass the limiter if both can be now; <c>Queue.Add</c> must follow.</summary>
    public bool TryReserve()
    {
        if (_queue.TryReserve(1))
        {
            if (_limiter is null || _limiter.TryAcquire())
            {
                return true;
            }

            _queue.CancelReservation(1);
        }

        return false;
    }

    /// <summary>Stores a record that has room: waits for the limiter, and stores it too when that wait is given up, as it cannot go back.</summary>
    public ValueTask StoreReservedAsync(T record, CancellationToken cancellationToken)
    {
        if (_limiter is null || _limiter.TryAcquire())
        {
            _queue.Add(record);
            return ValueTask.CompletedTask;
        }

        return WaitAsync();

        async ValueTask WaitAsync()
        {
            try
            {
                await _limiter.AcquireAsync(1, cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                _queue.Add(record);
            }
        }
    }

    /// <summary>Waits for the limiter with room in hand; gives the room up when the wait is.</summary>
    public async ValueTask PassLimiterAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (_limiter is not null)
            {
                await _limiter.AcquireAsync(1, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            _queue.CancelReservation(1);
            throw;
        }
    }

    /// <summary>Counts a record that nobody takes any more.</summary>
    public void CountDropped() => _context.Metrics.AddDroppedRecords(1);

    private async ValueTask WaitAndStoreAsync(T record, bool reserved, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _abort);
        if (!reserved)
        {
            await _queue.ReserveAsync(1, either.Token).ConfigureAwait(false);
        }

        await PassLimiterAsync(either.Token).ConfigureAwait(false);
        _queue.Add(record);
    }

    // The callbacks run elsewhere: none of them holds this lock.
    private void CancelRunLocked() => _ = _run?.CancelAsync();

    private async Task RunAsync(CancellationToken abort)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token, abort);
        _events.Started();
        try
        {
            while (await RunOnceAsync(stop.Token).ConfigureAwait(false) is { } delay)
            {
                await Task.Delay(delay, _context.Options.TimeProvider, stop.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Stopped while waiting to begin again.
        }
        finally
        {
            lock (_lock)
            {
                _state = ReceiverState.Stopped;
            }

            _events.Stopped();
        }
    }

    /// <summary>One run; gives the wait before the next one, or null when there is none.</summary>
    private async Task<TimeSpan?> RunOnceAsync(CancellationToken stop)
    {
        using var run = CancellationTokenSource.CreateLinkedTokenSource(stop);
        lock (_lock)
        {
            if (_state == ReceiverState.Stopped)
            {
                return null;
            }

            _restartDelay = null;
            _run = run;
        }

        TimeSpan? again = null;
        try
        {
            await _receiver.CallRunAsync(run.Token).ConfigureAwait(false);
        }
        catch (Exception error) when (!(error is OperationCanceledException && run.IsCancellationRequested))
        {
            _events.Error($"{error.Message} (starting again after {_receiver.RestartDelay})", error);
            again = _receiver.RestartDelay;
        }
        catch (OperationCanceledException)
        {
            // It was told to end.
        }

        lock (_lock)
        {
            _run = null;
            return stop.IsCancellationRequested || _state == ReceiverState.Stopped ? null : _restartDelay ?? again;
        }
    }
}
