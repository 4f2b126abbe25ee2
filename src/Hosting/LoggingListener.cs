using Microsoft.Extensions.Logging;

namespace FastStream.Hosting;

/// <summary>
/// Writes a context's events to a logger: events that need a person at Warning or Error, batches at Debug, a periodic
/// summary at Information.
/// </summary>
/// <remarks>
/// <c>AddFastStream</c> adds it to the contexts of a host; elsewhere add it with
/// <see cref="StreamingContext.AddListener"/>. Its methods are called one at a time.
/// </remarks>
public sealed class LoggingListener : StreamingListener, IDisposable
{
    private readonly ILogger _logger;
    private readonly string _job;
    private readonly TimeSpan _summaryInterval;
    private readonly ITimer? _timer;
    private readonly Lock _lock = new();   // guards the sums: the timer reads them on another thread
    private long _batches;
    private long _failed;
    private long _records;
    private TimeSpan _longestDelay;

    /// <param name="logger">The logger.</param>
    /// <param name="job">The job's name in the log.</param>
    /// <param name="summaryInterval">Time between two summaries; <see cref="Timeout.InfiniteTimeSpan"/> for none.</param>
    /// <param name="clock">The clock of the summaries.</param>
    public LoggingListener(ILogger logger, string job, TimeSpan summaryInterval, TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(logger);
        ArgumentNullException.ThrowIfNull(clock);
        ArgumentException.ThrowIfNullOrWhiteSpace(job);
        _logger = logger;
        _job = job;
        _summaryInterval = summaryInterval;
        _timer = summaryInterval == Timeout.InfiniteTimeSpan
            ? null : clock.CreateTimer(static listener => ((LoggingListener)listener!).Summarize(), this, summaryInterval, summaryInterval);
    }

    /// <inheritdoc/>
    public override void OnBatchCompleted(BatchInfo batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        lock (_lock)
        {
            _batches++;
            _records += batch.RecordCount;
            _failed += batch.Failure is null ? 0 : 1;
            _longestDelay = batch.TotalDelay > _longestDelay ? batch.TotalDelay.Value : _longestDelay;
        }

        if (batch.Failure is { } failure)
        {
            _logger.BatchFailed(_job, batch.Time.ToDateTimeOffset(), failure.OperatorName, failure);
        }
        else
        {
            _logger.BatchCompleted(_job, batch.Time.ToDateTimeOffset(), batch.RecordCount, batch.ProcessingTime, batch.TotalDelay);
        }
    }

    /// <inheritdoc/>
    public override void OnReceiverStarted(ReceiverInfo receiver)
    {
        ArgumentNullException.ThrowIfNull(receiver);
        _logger.ReceiverStarted(_job, receiver.Name);
    }

    /// <inheritdoc/>
    public override void OnReceiverError(ReceiverInfo receiver)
    {
        ArgumentNullException.ThrowIfNull(receiver);
        _logger.ReceiverError(_job, receiver.Name, receiver.LastErrorMessage, receiver.LastError);
    }

    /// <inheritdoc/>
    public override void OnReceiverStopped(ReceiverInfo receiver)
    {
        ArgumentNullException.ThrowIfNull(receiver);
        _logger.ReceiverStopped(_job, receiver.Name);
    }

    /// <inheritdoc/>
    public override void OnWarning(string message, Exception? error) => _logger.Warning(_job, message, error);

    /// <summary>Ends the summaries.</summary>
    public void Dispose() => _timer?.Dispose();

    private void Summarize()
    {
        (long batches, long records, long failed, TimeSpan longest) sums;
        lock (_lock)
        {
            sums = (_batches, _records, _failed, _longestDelay);
            (_batches, _records, _failed, _longestDelay) = (0, 0, 0, TimeSpan.Zero);
        }

        _logger.Summary(_job, sums.batches, sums.records, _summaryInterval, sums.failed, sums.longest);
    }
}
