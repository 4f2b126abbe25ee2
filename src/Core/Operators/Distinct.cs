using System.Runtime.CompilerServices;

namespace FastStream;

public static partial class DStreamOperators
{
    /// <summary>
    /// The different records of each batch, each once, where it first occurs. Each partition drops its own duplicates
    /// first, so that few records cross partitions.
    /// </summary>
    /// <example><code>var visitors = requests.Map(r => r.Ip).Distinct().Count();</code></example>
    /// <param name="stream">The stream. Records are compared by their own equality; null counts as a record.</param>
    /// <param name="partitions">Partitions of the result, 1 to 1024; default the context's.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="partitions"/> is out of its range.</exception>
    public static DStream<T> Distinct<T>(this DStream<T> stream, int? partitions = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        int count = stream.PartitionsOr(partitions);
        stream = stream.FitAsKeys();
        if (count == 1 && stream.PartitionCount == 1)
        {
            return new DistinctStream<T>(stream, "Distinct");
        }

        var distinct = new DistinctStream<T>(stream, "DistinctInPartition");
        return new DistinctStream<T>(
            new ExchangeStream<T>(distinct, "ExchangeByValue", count, _ => ValuePartitioner<T>.Instance, byKey: false), "Distinct");
    }

    private sealed class ValuePartitioner<T> : IPartitioner<T>
    {
        public static readonly ValuePartitioner<T> Instance = new();

        public void Targets(ReadOnlySpan<T> items, Span<int> targets, int partitions, in KeySalt salt)
        {
            for (int i = 0; i < items.Length; i++)
            {
                targets[i] = KeyGroups.PartitionOf(PartitionHash.Of(in items[i], in salt), partitions);
            }
        }
    }
}

internal sealed class DistinctStream<T>(DStream<T> parent, string operatorName) : DStream<T>(parent.Context, operatorName, parent)
{
    protected internal override void Connect(GraphBuilder graph, Operator<T>[] outputs) =>
        graph.Attach(parent, this, partition => new DistinctOperator<T>(outputs[partition]));
}

/// <summary>Passes a record on when it first occurs: nothing waits for the end of the batch.</summary>
internal sealed class DistinctOperator<T>(Operator<T> next) : Operator<T, T>(next)
{
    private readonly KeyTable<T, byte> _seen = new();   // the value is not used
    private readonly uint[] _hashes = new uint[RecordBuffer.SpanRecords];

    [MethodImpl(MethodImplOptions.NoInlining)]
    public override void OnRecords(ReadOnlySpan<T> items)
    {
        KeyTable<T, byte> seen = _seen;
        Span<uint> hashes = _hashes.AsSpan(0, items.Length);
        seen.Prepare<T, WholeKey<T>>(items, hashes);

        Span<T> firsts = Output.GetSpan(items.Length);
        int count = 0;
        for (int i = 0; i < items.Length; i++)
        {
            seen.GetOrAdd(hashes[i], in items[i], out bool exists);
            firsts[count] = items[i];
            count += exists ? 0 : 1;
        }

        Output.Advance(count);
    }

    public override void OnBatchEnd(BatchContext batch)
    {
        _seen.Clear();
        base.OnBatchEnd(batch);
    }

    public override void Reset(BatchContext batch)
    {
        _seen.Clear();
        base.Reset(batch);
    }
}
