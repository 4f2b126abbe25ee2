using System.Runtime.CompilerServices;

namespace FastStream;

public static partial class DStreamOperators
{
    /// <summary>
    /// One pair for each key that either stream has in this batch, with the key's values on both sides in the order of
    /// partitions and arrival; a side without the key is empty.
    /// </summary>
    /// <example><code>var both = ordered.CoGroup(paid).Filter(x => x.Value.Left.Count != x.Value.Right.Count);</code></example>
    /// <param name="stream">The left pairs.</param>
    /// <param name="other">The right pairs: same context, same slide.</param>
    /// <param name="partitions">Partitions of the result, 1 to 1024; default the number of both sides if they are
    /// partitioned by key alike, else the context's.</param>
    /// <exception cref="ArgumentException">The streams differ in context or slide.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="partitions"/> is out of its range.</exception>
    public static DStream<(TKey Key, (Group<TLeft> Left, Group<TRight> Right) Value)> CoGroup<TKey, TLeft, TRight>(
        this DStream<(TKey Key, TLeft Value)> stream, DStream<(TKey Key, TRight Value)> other, int? partitions = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(other);
        int count = stream.PartitionsWith(other, partitions);
        return new CoGroupStream<TKey, TLeft, TRight>(stream.ExchangeByKey(count), other.ExchangeByKey(count));
    }

    /// <summary>The requested partition count, or the one that both sides already have, or the context's.</summary>
    internal static int PartitionsWith(this DStream left, DStream right, int? partitions)
    {
        bool alike = left.IsPartitionedByKey && right.IsPartitionedByKey && left.PartitionCount == right.PartitionCount;
        return left.PartitionsOr(partitions ?? (alike ? left.PartitionCount : null));
    }
}

internal sealed class CoGroupStream<TKey, TLeft, TRight>(DStream<(TKey Key, TLeft Value)> left, DStream<(TKey Key, TRight Value)> right)
    : DStream<(TKey Key, (Group<TLeft> Left, Group<TRight> Right) Value)>(left.Context, "CoGroup", left, right)
{
    public override IPartitioner<(TKey Key, (Group<TLeft> Left, Group<TRight> Right) Value)>? Partitioner =>
        HashPartitioner<TKey, (Group<TLeft> Left, Group<TRight> Right)>.Where(left.IsPartitionedByKey && right.IsPartitionedByKey);

    public override bool HasUniqueKeys => true;

    protected internal override void Connect(GraphBuilder graph,
        Operator<(TKey Key, (Group<TLeft> Left, Group<TRight> Right) Value)>[] outputs)
    {
        CoGroupOperator<TKey, TLeft, TRight>[] operators = [.. outputs.Select(output => new CoGroupOperator<TKey, TLeft, TRight>(output))];
        OrderedInput.Attach(graph, this, left, partition => operators[partition].Left, right, partition => operators[partition]);
    }
}

/// <summary>
/// Receives the right side itself, and the left side through <see cref="Left"/>, which comes first; groups both at the
/// end of the batch.
/// </summary>
internal sealed class CoGroupOperator<TKey, TLeft, TRight>
    : Operator<(TKey Key, TRight Value), (TKey Key, (Group<TLeft> Left, Group<TRight> Right) Value)>
{
    private readonly KeyDictionary<TKey> _keys = new();
    private readonly GroupSorter<TLeft> _lefts = new();
    private readonly GroupSorter<TRight> _rights = new();

    public CoGroupOperator(Operator<(TKey Key, (Group<TLeft> Left, Group<TRight> Right) Value)> next)
        : base(next) => Left = new LeftSide(this);

    public Operator<(TKey Key, TLeft Value)> Left { get; }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public override void OnRecords(ReadOnlySpan<(TKey Key, TRight Value)> items) => _rights.AddRange(items, _keys);

    public override void OnBatchEnd(BatchContext batch)
    {
        ReadOnlySpan<TKey> keys = _keys.Keys;
        _lefts.Build(batch, keys.Length);
        _rights.Build(batch, keys.Length);
        for (int i = 0; i < keys.Length; i++)
        {
            Output.Add((keys[i], (_lefts[i], _rights[i])));
        }

        Forget();
        base.OnBatchEnd(batch);
    }

    public override void Reset(BatchContext batch)
    {
        Forget();
        base.Reset(batch);
    }

    private void Forget()
    {
        _keys.Clear();
        _lefts.Clear();
        _rights.Clear();
    }

    private sealed class LeftSide(CoGroupOperator<TKey, TLeft, TRight> both) : LastOperator<(TKey Key, TLeft Value)>
    {
        [MethodImpl(MethodImplOptions.NoInlining)]
        public override void OnRecords(ReadOnlySpan<(TKey Key, TLeft Value)> items) => both._lefts.AddRange(items, both._keys);

        public override void Reset(BatchContext batch) => both.Forget();
    }
}
