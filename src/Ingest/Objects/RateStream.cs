namespace FastStream;

/// <summary>Records made at a steady rate, for load tests and demonstrations.</summary>
public static class RateStreamExtensions
{
    /// <summary>A stream of made records: by each batch time there have been exactly rate × time since the start of them, numbered from 0.</summary>
    /// <remarks>Records are made in the partitions when the batch runs: they take no memory before, and a batch that is run again has the same ones.</remarks>
    /// <example><code>context.RateStream(100_000, index => new Reading(Sensor: index % 100, Value: index));</code></example>
    /// <param name="context">The context.</param>
    /// <param name="recordsPerSecond">The rate: 1 or more.</param>
    /// <param name="make">Makes the record of a number; called from many threads.</param>
    /// <exception cref="ArgumentOutOfRangeException">The rate is less than 1.</exception>
    public static DStream<T> RateStream<T>(this StreamingContext context, long recordsPerSecond, Func<long, T> make)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(make);
        StreamingOptions.Check(recordsPerSecond >= 1, nameof(recordsPerSecond), recordsPerSecond, "1 or more is expected");
        return new RateInputDStream<T>(context, recordsPerSecond, make);
    }
}

internal sealed class RateInputDStream<T>(StreamingContext context, long recordsPerSecond, Func<long, T> make) : InputDStream<T>(context, "Rate")
{
    private BatchTime _zero;
    private long _made;   // records of all batches before

    protected internal override ValueTask StartAsync(CancellationToken cancellationToken)
    {
        _zero = Context.ZeroTime;
        return ValueTask.CompletedTask;
    }

    protected internal override InputBatch<T> Cut(BatchTime time)
    {
        long first = _made;
        _made = (long)((Int128)(time.Milliseconds - _zero.Milliseconds) * recordsPerSecond / 1000);
        return new RateBatch<T>(first, _made - first, make);
    }
}

internal sealed class RateBatch<T>(long first, long count, Func<long, T> make) : InputBatch<T>
{
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
