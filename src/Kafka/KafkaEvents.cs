using System.Collections.Concurrent;
using Confluent.Kafka;

namespace FastStream;

/// <summary>
/// Tells listeners and metrics what happens in a Kafka stream; warns of the same error at most once in 30 s. Safe from
/// any thread.
/// </summary>
internal sealed class KafkaEvents(StreamingContext context, string name)
{
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<ErrorCode, long> _said = new();   // when last warned of, by the context's clock
    private long _lostRecords;
    private long _refusedRecords;
    private long _rebalances;

    public long LostRecords => Interlocked.Read(ref _lostRecords);

    public void Warn(string message, Exception? error = null) => context.Warn($"{name}: {message}", error);

    public void WarnOf(Error error, string meaning)
    {
        TimeProvider clock = context.Options.TimeProvider;
        long now = clock.GetTimestamp();
        bool isNew = true;
        _said.AddOrUpdate(error.Code, now, (_, before) => (isNew = clock.GetElapsedTime(before, now) >= Quiet) ? now : before);
        if (isNew)
        {
            Warn($"{error.Reason} ({error.Code}). {meaning}", new KafkaException(error));
        }
    }

    public void Lost(KafkaPartition id, long records, string message)
    {
        Interlocked.Add(ref _lostRecords, records);
        Warn(message);
    }

    public long RefusedRecords => Interlocked.Read(ref _refusedRecords);

    public void Refused(long records, string message)
    {
        Interlocked.Add(ref _refusedRecords, records);
        Warn(message);
    }

    public long Rebalances => Interlocked.Read(ref _rebalances);

    public void Rebalanced(string message)
    {
        Interlocked.Increment(ref _rebalances);
        Warn(message);
    }

    public void NotCommitted(CommittedOffsets committed)
    {
        if (committed.Error.IsError && committed.Error.Code != ErrorCode.Local_NoOffset)
        {
            WarnOf(committed.Error, "Offsets were not committed to the consumer group; later batches commit them again.");
        }
    }
}
