using System.Runtime.CompilerServices;

namespace FastStream;

public static partial class DStreamOperators
{
    /// <summary>
    /// One pair for each different record of the batch, with the number of times it occurs; nothing for an empty batch.
    /// Each partition counts its records first, so that few pairs cross partitions.
    /// </summary>
    /// <example><code>var counts = lines.SplitWords().CountByValue();</code></example>
    /// <param name="stream">The stream. Records are compared by their own equality; null counts as a value.</param>
    /// <param name="partitions">Partitions of the result, 1 to 1024; default the context's.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="partitions"/> is out of its range.</exception>
    public static DStream<(T Key, long Value)> CountByValue<T>(this DStream<T> stream, int? partitions = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        int count = stream.PartitionsOr(partitions);
        stream = stream.FitAsKeys();
        if (count == 1 && stream.PartitionCount == 1)
        {
            return new CountByValueStream<T>(stream, "CountByValue");
        }

        var counted = new CountByValueStream<T>(stream, "CountByValueInPartition");
        return new ReduceByKeyStream<T, long>(ExchangeByKeyExtensions.NewExchangeByKey(counted, "ExchangeByKey", count),
            "CountByValue", static (a, b) => a + b);
    }
}

internal sealed class CountByValueStream<T>(DStream<T> parent, string operatorName)
    : DStream<(T Key, long Value)>(parent.Context, operatorName, parent)
{
    public override bool HasUniqueKeys => true;

    protected internal override void Connect(GraphBuilder graph, Operator<(T Key, long Value)>[] outputs) =>
        graph.Attach(parent, this, partition => new FoldByKeyOperator<T, T, long, CountFold<T>>(default, outputs[partition]));
}

/// <summary>Counts without a delegate, and builds no pair before the end of the batch.</summary>
internal readonly struct CountFold<T> : IFold<T, T, long>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ref readonly T Of(in T item) => ref item;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long First(in T item) => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long Next(long value, in T item) => value + 1;
}
