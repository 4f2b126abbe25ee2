using System.Buffers;
using FastStream.Runtime;

namespace FastStream;

public static partial class StreamingContextSources
{
    /// <summary>
    /// Makes a stream of generated records, numbered from 0: at each batch time their total is exactly rate × time
    /// since the start. Where the context has checkpoints, a restart continues from the next number; the time between
    /// the runs makes no records.
    /// </summary>
    /// <remarks>
    /// The partitions make the records when the batch runs: the records take no memory before, and a batch that runs
    /// again has the same ones.
    /// </remarks>
    /// <example><code>context.RateStream(100_000, index => new Reading(Sensor: index % 100, Value: index));</code></example>
    /// <param name="context">The context.</param>
    /// <param name="recordsPerSecond">The rate: 1 or more.</param>
    /// <param name="make">Makes the record with a number; called from many threads.</param>
    /// <exception cref="ArgumentOutOfRangeException">The rate is less than 1.</exception>
    public static DStream<T> RateStream<T>(this StreamingContext context, long recordsPerSecond, Func<long, T> make)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(make);
        OptionCheck.Check(recordsPerSecond >= 1, nameof(recordsPerSecond), recordsPerSecond, "1 or more is expected");
        return context.FromSource(new RateSource<T>(recordsPerSecond, make), "Rate");
    }
}

internal sealed class RateSource<T>(long recordsPerSecond, Func<long, T> make) : Source<T>
{
    private const byte Version = 1;

    private BatchTime? _last;   // the previous batch; null where that was in an earlier run
    private long _elapsedMs;    // time for which records were made; stands still while the program is down
    private long _made;         // records in all previous batches
    private bool _goesOn;       // whether there was an earlier run

    protected override ValueTask StartAsync(CancellationToken cancellationToken)
    {
        _last = _goesOn ? null : Context.StreamingContext.ZeroTime;
        return ValueTask.CompletedTask;
    }

    protected override InputBatch<T> Cut(BatchTime time)
    {
        long first = _made;
        _elapsedMs += (long)(time - (_last ?? time - Context.Options.BatchInterval)).TotalMilliseconds;
        _last = time;
        _made = Math.Max(first, (long)((Int128)_elapsedMs * recordsPerSecond / 1000));
        return new RateBatch<T>(first, _made - first, make);
    }

    // Saves numbers, not records: the program has the function that makes them. | 1 | first number (8 bytes) | position
    // |
    protected override void SaveBatch(InputBatch<T> batch, IBufferWriter<byte> output)
    {
        var writer = new StateWriter(output);
        writer.WriteByte(Version);
        writer.WriteInt64(((RateBatch<T>)batch).First);
        WritePosition(writer);
    }

    protected override InputBatch<T> LoadBatch(BatchTime time, ReadOnlyMemory<byte> saved)
    {
        var reader = new StateReader(saved.Span, Version, $"batch {time} of {Context.Name}");
        long first = reader.ReadNatural();
        ReadPosition(ref reader);
        return new RateBatch<T>(first, Math.Max(0, _made - first), make);
    }

    protected override void SavePosition(BatchTime time, IBufferWriter<byte> output)
    {
        var writer = new StateWriter(output);
        writer.WriteByte(Version);
        WritePosition(writer);
    }

    protected override void LoadPosition(ReadOnlySpan<byte> saved)
    {
        var reader = new StateReader(saved, Version, $"the position of {Context.Name}");
        ReadPosition(ref reader);
    }

    // | records made (8) | elapsed ms for which they were made (8) | records a second (8) |
    private void WritePosition(StateWriter writer)
    {
        writer.WriteInt64(_made);
        writer.WriteInt64(_elapsedMs);
        writer.WriteInt64(recordsPerSecond);
    }

    private void ReadPosition(ref StateReader reader)
    {
        _goesOn = true;
        _made = reader.ReadNatural();
        _elapsedMs = reader.ReadNatural();
        if (reader.ReadNatural() != recordsPerSecond)
        {
            // The time that these records would have taken at the present rate.
            _elapsedMs = (long)(((Int128)_made * 1000) / recordsPerSecond);
        }

        reader.End();
    }
}

internal sealed class RateBatch<T>(long first, long count, Func<long, T> make) : InputBatch<T>
{
    /// <summary>Number of the batch's first record.</summary>
    public long First => first;

    public override long RecordCount => count;

    public override void Run(int partition, int partitionCount, RecordBuffer<T> output)
    {
        long end = first + (long)((Int128)count * (partition + 1) / partitionCount);
        for (long index = first + (long)((Int128)count * partition / partitionCount); index < end; index++)
        {
            output.Add(make(index));
        }
    }

    protected override void Dispose(bool disposing)
    {
    }
}
