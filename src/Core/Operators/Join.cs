using System.Runtime.CompilerServices;

namespace FastStream;

public static partial class DStreamOperators
{
    /// <summary>
    /// For each key that both streams have in this batch, every left value with every right value, one left value after
    /// the other. Streams that are already partitioned by key alike are joined without an exchange.
    /// </summary>
    /// <example><code>count.Join(bytes).Map(x => $"{x.Key}: {x.Value.Left} requests, {x.Value.Right} bytes").Print();</code></example>
    /// <param name="stream">The left pairs.</param>
    /// <param name="other">The right pairs: same context, same slide.</param>
    /// <param name="partitions">Partitions of the result, 1 to 1024; default the number of both sides if they are
    /// partitioned by key alike, else the context's.</param>
    /// <exception cref="ArgumentException">The streams differ in context or slide.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="partitions"/> is out of its range.</exception>
    public static DStream<(TKey Key, (TLeft Left, TRight Right) Value)> Join<TKey, TLeft, TRight>(
        this DStream<(TKey Key, TLeft Value)> stream, DStream<(TKey Key, TRight Value)> other, int? partitions = null) =>
        stream.JoinAs<TKey, TLeft, TRight, TLeft, TRight, InnerJoinKind<TLeft, TRight>>(other, "Join", partitions);

    /// <summary>
    /// Query syntax calls this for <c>join … on … equals …</c>: it keys and joins the streams, and a function makes one
    /// record of each pair.
    /// </summary>
    public static DStream<TResult> Join<TOuter, TInner, TKey, TResult>(
        this DStream<TOuter> outer, DStream<TInner> inner, Func<TOuter, TKey> outerKeySelector,
        Func<TInner, TKey> innerKeySelector, Func<TOuter, TInner, TResult> resultSelector)
    {
        ArgumentNullException.ThrowIfNull(resultSelector);
        return outer.KeyBy(outerKeySelector).Join(inner.KeyBy(innerKeySelector))
            .Map(pair => resultSelector(pair.Value.Left, pair.Value.Right));
    }

    internal static DStream<(TKey Key, (TLeftOut Left, TRightOut Right) Value)> JoinAs<TKey, TLeft, TRight, TLeftOut, TRightOut, TKind>(
        this DStream<(TKey Key, TLeft Value)> stream, DStream<(TKey Key, TRight Value)> other, string operatorName, int? partitions)
        where TKind : struct, IJoinKind<TLeft, TRight, TLeftOut, TRightOut>
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(other);
        int count = stream.PartitionsWith(other, partitions);
        return new JoinStream<TKey, TLeft, TRight, TLeftOut, TRightOut, TKind>(stream.ExchangeByKey(count),
            other.ExchangeByKey(count), operatorName);
    }
}

/// <summary>
/// What a join does with keys that one side lacks. A struct, so that the JIT compiles the one loop for each kind.
/// </summary>
internal interface IJoinKind<TLeft, TRight, TLeftOut, TRightOut>
{
    /// <summary>Whether the result includes left values without a right one.</summary>
    static abstract bool KeepsLeft { get; }

    /// <summary>Whether the result includes right values without a left one.</summary>
    static abstract bool KeepsRight { get; }

    static abstract TLeftOut Left(TLeft value);

    static abstract TRightOut Right(TRight value);
}

internal readonly struct InnerJoinKind<TLeft, TRight> : IJoinKind<TLeft, TRight, TLeft, TRight>
{
    public static bool KeepsLeft => false;

    public static bool KeepsRight => false;

    public static TLeft Left(TLeft value) => value;

    public static TRight Right(TRight value) => value;
}

internal sealed class JoinStream<TKey, TLeft, TRight, TLeftOut, TRightOut, TKind>(
    DStream<(TKey Key, TLeft Value)> left, DStream<(TKey Key, TRight Value)> right, string operatorName)
    : DStream<(TKey Key, (TLeftOut Left, TRightOut Right) Value)>(left.Context, operatorName, left, right)
    where TKind : struct, IJoinKind<TLeft, TRight, TLeftOut, TRightOut>
{
    public override IPartitioner<(TKey Key, (TLeftOut Left, TRightOut Right) Value)>? Partitioner =>
        HashPartitioner<TKey, (TLeftOut Left, TRightOut Right)>.Where(left.IsPartitionedByKey && right.IsPartitionedByKey);

    public override bool HasUniqueKeys => left.HasUniqueKeys && right.HasUniqueKeys;

    protected internal override void Connect(GraphBuilder graph, Operator<(TKey Key, (TLeftOut Left, TRightOut Right) Value)>[] outputs)
    {
        (Operator<(TKey Key, TLeft Value)> Left, Operator<(TKey Key, TRight Value)> Right)[] operators = [.. outputs.Select(NewOperator)];
        OrderedInput.Attach(graph, this, left, partition => operators[partition].Left, right, partition => operators[partition].Right);
    }

    private (Operator<(TKey Key, TLeft Value)> Left, Operator<(TKey Key, TRight Value)> Right) NewOperator(
        Operator<(TKey Key, (TLeftOut Left, TRightOut Right) Value)> output)
    {
        var table = new JoinOperator<TKey, TLeft, TRight, TLeftOut, TRightOut, TKind>(output);
        if (!HasUniqueKeys)
        {
            return (table.Left, table);
        }

        var inStep = new InStepJoinOperator<TKey, TLeft, TRight, TLeftOut, TRightOut, TKind>(table, output);
        return (inStep.Left, inStep);
    }
}

/// <summary>
/// Receives the right side itself, and the left side through <see cref="Left"/>, which comes first. Keys are numbered
/// as they come; each side stores its values at the numbers of their keys, so that the end of the batch reads both from
/// front to back.
/// </summary>
internal sealed class JoinOperator<TKey, TLeft, TRight, TLeftOut, TRightOut, TKind>
    : Operator<(TKey Key, TRight Value), (TKey Key, (TLeftOut Left, TRightOut Right) Value)>
    where TKind : struct, IJoinKind<TLeft, TRight, TLeftOut, TRightOut>
{
    private readonly KeyDictionary<TKey> _keys = new();
    private readonly KeyMultimap<TLeft> _lefts = new();
    private readonly KeyMultimap<TRight> _rights = new();
    private readonly int[] _numbers = new int[RecordBuffer.SpanRecords];

    public JoinOperator(Operator<(TKey Key, (TLeftOut Left, TRightOut Right) Value)> next)
        : base(next) => Left = new LeftSide(this);

    public Operator<(TKey Key, TLeft Value)> Left { get; }

    public override void OnRecords(ReadOnlySpan<(TKey Key, TRight Value)> items) => Add(items, _rights, TKind.KeepsRight);

    public override void OnBatchEnd(BatchContext batch)
    {
        ReadOnlySpan<TKey> keys = _keys.Keys;
        ReadOnlySpan<KeyValues<TLeft>> lefts = _lefts.Keys;
        ReadOnlySpan<KeyValues<TRight>> rights = _rights.Keys;
        for (int i = 0; i < keys.Length;)
        {
            i += EmitSingles(keys[i..], lefts[i..], rights[i..], Output.Room(), out int count);
            Output.Added(count);
            for (; i < keys.Length && HasSeveral(in lefts[i], in rights[i]); i++)
            {
                EmitSeveral(in keys[i], in lefts[i], in rights[i]);
            }
        }

        Forget();
        base.OnBatchEnd(batch);
    }

    public override void Reset(BatchContext batch)
    {
        Forget();
        base.Reset(batch);
    }

    private void Add<TValue>(ReadOnlySpan<(TKey Key, TValue Value)> items, KeyMultimap<TValue> side, bool addsKeys)
    {
        _keys.Find(items, _numbers, addsKeys);

        // Also extends the other side, which has no values of these keys yet: clearing it a span at a time saves
        // another pass over its memory.
        _lefts.Extend(_keys.Count);
        _rights.Extend(_keys.Count);
        side.AddRange(items, _numbers);
    }

    private static bool HasSeveral(in KeyValues<TLeft> left, in KeyValues<TRight> right) => (left.Last | right.Last) > 1;

    // Emits the results of keys with at most one value on each side: most keys have no more. A loop without calls or
    // unpredictable branches; returns the index of the first other key, or of the first key for which there was no
    // room.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int EmitSingles(
        ReadOnlySpan<TKey> keys, ReadOnlySpan<KeyValues<TLeft>> lefts, ReadOnlySpan<KeyValues<TRight>> rights,
        Span<(TKey Key, (TLeftOut Left, TRightOut Right) Value)> room, out int count)
    {
        int made = 0;
        int i = 0;
        for (; i < keys.Length && i < lefts.Length && i < rights.Length && (uint)made < (uint)room.Length; i++)
        {
            ref readonly KeyValues<TLeft> left = ref lefts[i];
            ref readonly KeyValues<TRight> right = ref rights[i];
            if (HasSeveral(in left, in right))
            {
                break;
            }

            room[made] = (
                keys[i],
                (TKind.KeepsRight && left.IsEmpty
                    ? default! : TKind.Left(left.First), TKind.KeepsLeft && right.IsEmpty ? default! : TKind.Right(right.First)));
            made += (left.Last & right.Last) | (TKind.KeepsLeft ? left.Last : 0) | (TKind.KeepsRight ? right.Last : 0);
        }

        count = made;
        return i;
    }

    private void EmitSeveral(in TKey key, in KeyValues<TLeft> left, in KeyValues<TRight> right)
    {
        if (right.IsEmpty)
        {
            for (int i = TKind.KeepsLeft ? 1 : 0; i != 0; i = _lefts.Next(in left, i))
            {
                Output.Add((key, (TKind.Left(_lefts.At(in left, i)), default!)));
            }
        }
        else if (left.IsEmpty)
        {
            for (int i = 1; i != 0; i = _rights.Next(in right, i))
            {
                Output.Add((key, (default!, TKind.Right(_rights.At(in right, i)))));
            }
        }
        else
        {
            for (int i = 1; i != 0; i = _lefts.Next(in left, i))
            {
                TLeftOut leftValue = TKind.Left(_lefts.At(in left, i));
                for (int j = 1; j != 0; j = _rights.Next(in right, j))
                {
                    Output.Add((key, (leftValue, TKind.Right(_rights.At(in right, j)))));
                }
            }
        }
    }

    private void Forget()
    {
        _keys.Clear();
        _lefts.Clear();
        _rights.Clear();
    }

    private sealed class LeftSide(JoinOperator<TKey, TLeft, TRight, TLeftOut, TRightOut, TKind> join)
        : LastOperator<(TKey Key, TLeft Value)>
    {
        public override void OnRecords(ReadOnlySpan<(TKey Key, TLeft Value)> items) => join.Add(items, join._lefts, addsKeys: true);

        public override void Reset(BatchContext batch) => join.Forget();
    }
}
