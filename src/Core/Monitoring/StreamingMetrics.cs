using System.Diagnostics.Metrics;

namespace FastStream;

/// <summary>
/// A context's counters, readable here and published under the meter <c>FastStream</c> with OpenTelemetry's conventions
/// for names and units.
/// </summary>
/// <remarks>
/// The meter has two tags, which measurements do not repeat: <c>faststream.job.name</c>, and
/// <c>faststream.context.id</c>, from 1, which distinguishes contexts of one name in a process. Histograms suggest
/// buckets from 0.1 ms to 10 minutes. Safe from any thread.
/// </remarks>
public sealed class StreamingMetrics : StreamingListener, IDisposable
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "FastStream";

    // In seconds: from a batch with an interval of a millisecond up to one that hangs. A collector's own default begins
    // at 5 s for this unit.
    private static readonly InstrumentAdvice<double> _buckets = new()
    {
        HistogramBucketBoundaries =
        [
            0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 600,
        ],
    };

    private readonly Meter _meter;
    private readonly ListenerBus _listeners;
    private readonly Histogram<double> _processingTime;
    private readonly Histogram<double> _schedulingDelay;
    private readonly Histogram<double> _totalDelay;
    private readonly Counter<long> _failedRecordCounter;
    private readonly string _jobName;
    private readonly int _contextId;      // unique among living contexts of the name
    private long _batches;
    private long _failedBatches;
    private long _records;
    private long _droppedRecords;
    private long _invalidRecords;
    private long _skippedTicks;
    private long _failedRecords;
    private int _isDisposed;              // 1 since the first call
    private long _lostFiles;

    internal StreamingMetrics(string jobName, BlockPool blocks, ListenerBus listeners)
    {
        _listeners = listeners;
        _jobName = jobName;
        _contextId = ContextNumbers.Take(jobName);
        _meter = new Meter(MeterName, null, [new("faststream.job.name", jobName), new("faststream.context.id", _contextId)]);
        _processingTime = Histogram("faststream.batch.duration", "Time from a batch's start to the end of its last output.");
        _schedulingDelay = Histogram("faststream.batch.scheduling_delay", "Time from a batch's submission to its start.");
        _totalDelay = Histogram("faststream.batch.total_delay", "Time from a batch's submission to the end of its last output.");
        _meter.CreateObservableCounter("faststream.batches", () => CompletedBatches, "{batch}", "Batches done with.");
        _meter.CreateObservableCounter("faststream.errors", () => FailedBatches, "{batch}", "Batches that failed for good.");
        _meter.CreateObservableCounter("faststream.skipped_ticks", () => SkippedTicks, "{tick}",
            "Batch times left out because the context was behind and the policy runs the newest only.");
        _meter.CreateObservableCounter("faststream.listener.dropped_events", () => DroppedEvents, "{event}",
            "Events that listeners did not hear because one was too slow.");
        _meter.CreateObservableCounter("faststream.source.records", () => ProcessedRecords, "{record}", "Records of completed batches.");
        _meter.CreateObservableCounter("faststream.source.dropped_records", () => DroppedRecords, "{record}",
            "Records left out by policy, such as oversized ones.");
        _meter.CreateObservableCounter("faststream.source.invalid_records", () => InvalidRecords, "{record}",
            "Records that were not what their format asks for.");
        _failedRecordCounter =
            _meter.CreateCounter<long>("faststream.operator.failed_records", "{record}",
                "Records for which an operator's function failed, left out by its error policy.");
        _meter.CreateObservableCounter("faststream.source.lost_files", () => LostFiles, "{file}",
            "Files left out, as they were gone or changed before they were read, or cannot be read.");
        _meter.CreateObservableGauge(
            "faststream.pool.rented", () => blocks.RentedBytes, "By", "Bytes of received blocks and unfinished records held now.");
        _meter.CreateObservableGauge(
            "faststream.pool.size", () => blocks.HeldBytes, "By", "Bytes of memory for what is received: held, and free for what comes.");
    }

    /// <summary>Completed batches, successful or not.</summary>
    public long CompletedBatches => Interlocked.Read(ref _batches);

    /// <summary>Batches that failed for good.</summary>
    public long FailedBatches => Interlocked.Read(ref _failedBatches);

    /// <summary>Records of completed batches.</summary>
    public long ProcessedRecords => Interlocked.Read(ref _records);

    /// <summary>Records dropped by policy: too large, or truncated by the end of a connection.</summary>
    public long DroppedRecords => Interlocked.Read(ref _droppedRecords);

    /// <summary>Records that violate their format, such as invalid UTF-8 where it is checked.</summary>
    public long InvalidRecords => Interlocked.Read(ref _invalidRecords);

    /// <summary>
    /// Records dropped by <c>OnError</c>, because an operator's function failed for them. The instrument has the tag
    /// <c>faststream.operator.name</c>.
    /// </summary>
    public long FailedRecords => Interlocked.Read(ref _failedRecords);
    /// <summary>
    /// Files skipped, in whole or in part, because they were removed or changed before a batch read them, or are
    /// unreadable, and the source's policy is to continue; also those removed before they were in a batch.
    /// </summary>
    public long LostFiles => Interlocked.Read(ref _lostFiles);

    /// <summary>Batch times skipped by <see cref="MissedTickPolicy.RunNewest"/>; always 0 under the other policy.</summary>
    public long SkippedTicks => Interlocked.Read(ref _skippedTicks);

    /// <summary>
    /// Events that listeners did not receive, because one of them was too slow. The counts of this class do not depend
    /// on events, but the three histograms miss a batch for each dropped event of a completed batch.
    /// </summary>
    public long DroppedEvents => _listeners.DroppedEvents;

    /// <summary>Counts records dropped by policy; for sources.</summary>
    public void AddDroppedRecords(long count) => Interlocked.Add(ref _droppedRecords, count);

    /// <summary>Counts files skipped by policy; for sources.</summary>
    public void AddLostFiles(long count) => Interlocked.Add(ref _lostFiles, count);

    /// <summary>
    /// Counts invalid records; for sources. A retried batch may be decoded again: count its invalid records once.
    /// </summary>
    public void AddInvalidRecords(long count) => Interlocked.Add(ref _invalidRecords, count);

    /// <inheritdoc/>
    public override void OnBatchCompleted(BatchInfo batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        _processingTime.Record(batch.ProcessingTime?.TotalSeconds ?? 0);
        _schedulingDelay.Record(batch.SchedulingDelay?.TotalSeconds ?? 0);
        _totalDelay.Record(batch.TotalDelay?.TotalSeconds ?? 0);
    }

    /// <summary>Counts a completed batch. It is not an event, because events are dropped when a listener is slow.</summary>
    internal void CountBatch(BatchInfo batch)
    {
        Interlocked.Increment(ref _batches);
        Interlocked.Add(ref _records, batch.RecordCount);
        if (batch.Failure is not null)
        {
            Interlocked.Increment(ref _failedBatches);
        }
    }

    internal void CountFailedRecords(string operatorName, long count)
    {
        Interlocked.Add(ref _failedRecords, count);
        _failedRecordCounter.Add(count, new KeyValuePair<string, object?>("faststream.operator.name", operatorName));
    }

    internal void CountSkippedTicks(long count) => Interlocked.Add(ref _skippedTicks, count);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            _meter.Dispose();
            ContextNumbers.Return(_jobName, _contextId);
        }
    }

    private Histogram<double> Histogram(string name, string description) =>
        _meter.CreateHistogram(name, "s", description, tags: null, _buckets);
}
