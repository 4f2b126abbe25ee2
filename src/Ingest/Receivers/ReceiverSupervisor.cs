using FastStream.Runtime;

namespace FastStream;

/// <summary>
/// Runs one receiver: starts it, restarts it after a failure, stops it, tells listeners, and keeps the records that it
/// stores. Safe from any thread.
/// </summary>
internal sealed class ReceiverSupervisor<T>
{
    private readonly StreamingContext _context;
    private readonly Receiver<T> _receiver;
    private readonly SourceContext _events;
    private readonly RecordQueue<T> _queue;
    private readonly RateLimiter? _limiter;             // null: no limit
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new();                // guards the fields below
    private CancellationTokenSource? _run;              // ends the present run
    private Task _ending = Task.CompletedTask;          // runs the callbacks registered with the present run's token
    private TimeSpan? _restartDelay;                    // requested by Restart; null when there was no request
    private ReceiverState _state;
    private Task _running = Task.CompletedTask;
    private string? _stopMessage;                       // why it was stopped; null where no reason was given, or an error followed
    private CancellationToken _abort;                   // cancelled when no received record matters any more

    public ReceiverSupervisor(SourceContext source, Receiver<T> receiver)
    {
        CheckDelay(receiver.RestartDelay, nameof(receiver.RestartDelay));
        _context = source.StreamingContext;
        _receiver = receiver;
        StreamId = source.StreamId;
        _events = source;
        _queue = new RecordQueue<T>(_context.Options.MaxBufferedRecords);
        _limiter = ReceiverRate.LimiterFor(source);
        receiver.Attach(this);
        _ = _context.Completion.ContinueWith(
            ended => RefuseRest(ended.Exception?.InnerException),
            CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    public int StreamId { get; }

    public RecordQueue<T> Queue => _queue;

    public RateLimiter? Limiter => _limiter;

    /// <summary>Cancelled when no received record matters any more.</summary>
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

    /// <summary>Whether the receiver was started and stores nothing any more.</summary>
    public bool HasEnded
    {
        get
        {
            lock (_lock)
            {
                return _state == ReceiverState.Stopped && _running.IsCompleted;
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

    /// <summary>Ends the receiver and waits until it has stored its last records.</summary>
    public async ValueTask StopAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false);
        _queue.Complete();
    }

    public void Close()
    {
        _queue.Close();
        _stop.Dispose();
    }

    /// <summary>Stores a record; with a journal the record is on the disk when the task completes.</summary>
    public ValueTask StoreAsync(T record, CancellationToken cancellationToken)
    {
        ValueTask storing = HandOverAsync(record, cancellationToken);
        return !_queue.HasJournal ? storing : new ValueTask(StoreAndWriteAsync(storing));
    }

    /// <summary>Stores a record; with a journal the record will soon be on the disk.</summary>
    public ValueTask HandOverAsync(T record, CancellationToken cancellationToken)
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
        _ = _queue.AddRange(records.Span);
        await _queue.WhenWrittenAsync().ConfigureAwait(false);
    }

    /// <summary>
    /// Stores records as one block; completes when their batch counts, or with a journal when they are on the disk.
    /// </summary>
    public async Task StoreAcknowledgedAsync(ReadOnlyMemory<T> records, CancellationToken cancellationToken)
    {
        if (records.IsEmpty)
        {
            return;
        }

        Task counts;
        try
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _abort);
            await _queue.ReserveAsync(records.Length, either.Token).ConfigureAwait(false);
            counts = _queue.AddRange(records.Span, withReceipt: true);
        }
        catch (OperationCanceledException error) when (!cancellationToken.IsCancellationRequested)
        {
            throw new StreamingException("The context stops, and the record was not stored. Send it again when it runs again.", error);
        }

        await counts.WaitAsync(cancellationToken).ConfigureAwait(false);
        await _queue.WhenWrittenAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    public void Restart(string message, Exception? error, TimeSpan? delay)
    {
        CheckDelay(delay ?? TimeSpan.Zero, nameof(delay));
        ReportError(message, error);
        lock (_lock)
        {
            _restartDelay = delay ?? _receiver.RestartDelay;
            EndRunLocked();
        }
    }

    public void Stop(string message, Exception? error)
    {
        if (error is not null && !_stop.IsCancellationRequested && !_abort.IsCancellationRequested)
        {
            _events.EndByError(message, error);
        }
        else if (error is not null)
        {
            // It was told to stop: the way it ends must not fail the stop.
            ReportError(message, error);
        }
        else
        {
            _stopMessage = message;
        }

        lock (_lock)
        {
            _state = ReceiverState.Stopped;
            EndRunLocked();
        }
    }

    public void ReportError(string message, Exception? error)
    {
        _stopMessage = null;
        _events.ReportError(message, error);
    }

    /// <summary>
    /// Makes room for one record and lets it pass the limiter, if both are possible now; <c>Queue.Add</c> must follow.
    /// </summary>
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

    /// <summary>
    /// Stores a record that has room: waits for the limiter, and stores the record even if that wait is cancelled,
    /// because the record cannot be put back.
    /// </summary>
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

    /// <summary>
    /// Waits for the limiter while holding room for a record; releases the room if the wait is cancelled.
    /// </summary>
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

    // Also runs where the context was never started, so that nobody waits for room or for a batch any more.
    private void RefuseRest(Exception? failure)
    {
        _queue.Complete();
        _queue.Receipts.Stop(failure);
        _queue.Close();
    }

    private async Task StoreAndWriteAsync(ValueTask storing)
    {
        await storing.ConfigureAwait(false);
        await _queue.WhenWrittenAsync().ConfigureAwait(false);
    }

    private static void CheckDelay(TimeSpan delay, string name) =>
        OptionCheck.Check(delay >= TimeSpan.Zero && delay <= OptionCheck.LongestWait, name, delay, "0 to 24 days are expected");

    private void EndRun()
    {
        lock (_lock)
        {
            EndRunLocked();
        }
    }

    private void EndRunLocked()
    {
        if (_run is { IsCancellationRequested: false })
        {
            _ending = CallBackAsync(_run);
        }
    }

    // The receiver's callbacks run on another thread, without our locks, and their exceptions must not reach the caller
    // that stops the context.
    private async Task CallBackAsync(CancellationTokenSource run)
    {
        try
        {
            await run.CancelAsync().ConfigureAwait(false);
        }
        catch (Exception error)
        {
            Exception cause = error is AggregateException { InnerException: { } inner } ? inner : error;
            ReportError($"A callback on the receiver's stop token failed: {cause.Message}", cause);
        }
    }

    private async Task RunAsync(CancellationToken abort)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token, abort);
        _events.ReportStarted();
        try
        {
            while (await RunOnceAsync(stop.Token).ConfigureAwait(false) is { } delay)
            {
                await Task.Delay(delay, _context.Options.TimeProvider, stop.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Stopped while waiting to restart.
        }
        catch (Exception error)
        {
            _events.FailUnexpectedly(error);
        }
        finally
        {
            lock (_lock)
            {
                _state = ReceiverState.Stopped;
            }

            _events.ReportStopped(_stopMessage);
        }
    }

    /// <summary>Runs the receiver once; returns the wait before the next run, or null when there is none.</summary>
    private async Task<TimeSpan?> RunOnceAsync(CancellationToken stop)
    {
        using var run = new CancellationTokenSource();
        lock (_lock)
        {
            if (_state == ReceiverState.Stopped)
            {
                return null;
            }

            _restartDelay = null;
            _run = run;
        }

        Exception? failure = null;
        using (stop.UnsafeRegister(static supervisor => ((ReceiverSupervisor<T>)supervisor!).EndRun(), this))
        {
            try
            {
                await _receiver.CallRunAsync(run.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (run.IsCancellationRequested)
            {
                // It was told to end.
            }
            catch (Exception error)
            {
                failure = error;
            }
        }

        Task ending;
        TimeSpan? delay;
        lock (_lock)
        {
            _run = null;
            ending = _ending;
            delay = stop.IsCancellationRequested || _state == ReceiverState.Stopped ? null
                : _restartDelay ?? (failure is null ? null : _receiver.RestartDelay);
        }

        await ending.ConfigureAwait(false);
        if (failure is not null)
        {
            ReportError(delay is null ? failure.Message : $"{failure.Message} (starting again after {delay})", failure);
        }

        return delay;
    }
}
