using System.Diagnostics.Metrics;

namespace FastStream;

/// <summary>A context's counters, readable here and published under the meter <c>FastStream</c> with OpenTelemetry's conventions for names and units.</summary>
/// <remarks>Instruments carry the tag <c>faststream.job.name</c>. Safe from any thread.</remarks>
public sealed class StreamingMetrics : StreamingListener, IDisposable
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "FastStream";

    private readonly Meter _meter;
    private readonly ListenerBus _listeners;
    private readonly Histogram<double> _processingTime;
    private readonly Histogram<double> _schedulingDelay;
    private readonly Histogram<double> _totalDelay;
    private readonly KeyValuePair<string, object?> _job;
    private long _batches;
    private long _failedBatches;
    private long _records;
    private long _droppedRecords;
    private long _invalidRecords;
    private long _skippedTicks;
    private long _lostFiles;

    internal StreamingMetrics(string jobName, BlockPool blocks, ListenerBus listeners)
    {
        _listeners = listeners;
        _job = new KeyValuePair<string, object?>("faststream.job.name", jobName);
        _meter = new Meter(MeterName, null, [_job]);
        _processingTime = _meter.CreateHistogram<double>("faststream.batch.duration", "s", "Time from a batch's start to the end of its last output.");
        _schedulingDelay = _meter.CreateHistogram<double>("faststream.batch.scheduling_delay", "s", "Time from a batch's submission to its start.");
        _totalDelay = _meter.CreateHistogram<double>("faststream.batch.total_delay", "s", "Time from a batch's submission to the end of its last output.");
        _meter.CreateObservableCounter("faststream.batches", () => CompletedBatches, "{batch}", "Batches done with.");
        _meter.CreateObservableCounter("faststream.errors", () => FailedBatches, "{batch}", "Batches that failed for good.");
        _meter.CreateObservableCounter("faststream.skipped_ticks", () => SkippedTicks, "{tick}", "Batch times left out because the context was behind and the policy runs the newest only.");
        _meter.CreateObservableCounter("faststream.listener.dropped_events", () => DroppedEvents, "{event}", "Events that listeners did not hear because one was too slow.");
        _meter.CreateObservableCounter("faststream.source.records", () => ProcessedRecords, "{record}", "Records of completed batches.");
        _meter.CreateObservableCounter("faststream.source.dropped_records", () => DroppedRecords, "{record}", "Records left out by policy, such as oversized ones.");
        _meter.CreateObservableCounter("faststream.source.invalid_records", () => InvalidRecords, "{record}", "Records that were not what their format asks for.");
        _meter.CreateObservableCounter("faststream.source.lost_files", () => LostFiles, "{file}", "Files left out by policy, as they were gone or changed before they were read.");
        _meter.CreateObservableGauge("faststream.pool.rented", () => (long)blocks.RentedBlocks * blocks.BlockSizeBytes, "By", "Bytes of received blocks held now.");
    }

    /// <summary>Batches done with, successfully or not.</summary>
    public long CompletedBatches => Interlocked.Read(ref _batches);

    /// <summary>Batches that failed for good.</summary>
    public long FailedBatches => Interlocked.Read(ref _failedBatches);

    /// <summary>Records of completed batches.</summary>
    public long ProcessedRecords => Interlocked.Read(ref _records);

    /// <summary>Records left out by policy: too large, or cut off by the end of a connection.</summary>
    public long DroppedRecords => Interlocked.Read(ref _droppedRecords);

    /// <summary>Records that were not what their format asks for, such as invalid UTF-8 where it is checked.</summary>
    public long InvalidRecords => Interlocked.Read(ref _invalidRecords);

    /// <summary>Files left out, whole or in part, as they were gone or changed before a batch read them, and the source's policy is to go on.</summary>
    public long LostFiles => Interlocked.Read(ref _lostFiles);

    /// <summary>Batch times left out by <see cref="MissedTickPolicy.RunNewest"/>; always 0 under the other policy.</summary>
    public long SkippedTicks => Interlocked.Read(ref _skippedTicks);

    /// <summary>Events that listeners did not hear because one of them was slower than they came. The counts of this class do not depend on them, but the three histograms lose a batch with each event of a completed one.</summary>
    public long DroppedEvents => _listeners.DroppedEvents;

    /// <summary>Counts records left out by policy; for sources.</summary>
    public void AddDroppedRecords(long count) => Interlocked.Add(ref _droppedRecords, count);

    /// <summary>Counts files left out by policy; for sources.</summary>
    public void AddLostFiles(long count) => Interlocked.Add(ref _lostFiles, count);

    /// <summary>Counts invalid records; for sources. A batch may be decoded again when it is retried: count what it left out once.</summary>
    public void AddInvalidRecords(long count) => Interlocked.Add(ref _invalidRecords, count);

    /// <inheritdoc/>
    public override void OnBatchCompleted(BatchInfo batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        _processingTime.Record(batch.ProcessingTime?.TotalSeconds ?? 0, _job);
        _schedulingDelay.Record(batch.SchedulingDelay?.TotalSeconds ?? 0, _job);
        _totalDelay.Record(batch.TotalDelay?.TotalSeconds ?? 0, _job);
    }

    /// <summary>Counts a batch that is done with. Not an event among others: those are dropped when a listener is slow.</summary>
    internal void CountBatch(BatchInfo batch)
    {
        Interlocked.Increment(ref _batches);
        Interlocked.Add(ref _records, batch.RecordCount);
        if (batch.Failure is not null)
        {
            Interlocked.Increment(ref _failedBatches);
        }
    }

    internal void CountSkippedTicks(long count) => Interlocked.Add(ref _skippedTicks, count);

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();
}
