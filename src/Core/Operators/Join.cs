using System.Runtime.CompilerServices;

namespace FastStream;

/// <summary>Pairs of values that two streams have under one key.</summary>
public static class JoinExtensions
{
    /// <summary>
    /// For each key that both streams have in this batch, every left value with every right value, left by left. Streams that are
    /// partitioned by key alike already are joined where they are.
    /// </summary>
    /// <example><code>count.Join(bytes).Map(x => $"{x.Key}: {x.Value.Left} requests, {x.Value.Right} bytes").Print();</code></example>
    /// <param name="stream">The left pairs.</param>
    /// <param name="other">The right pairs: same context, same slide.</param>
    /// <param name="partitions">Partitions of the result, 1 to 1024; default that of both sides where they are partitioned by key alike, else the context's.</param>
    /// <exception cref="ArgumentException">The streams differ in context or slide.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="partitions"/> is out of its range.</exception>
    public static DStream<(TKey Key, (TLeft Left, TRight Right) Value)> Join<TKey, TLeft, TRight>(
        this DStream<(TKey Key, TLeft Value)> stream, DStream<(TKey Key, TRight Value)> other, int? partitions = null) =>
        stream.JoinAs<TKey, TLeft, TRight, TLeft, TRight, InnerJoinKind<TLeft, TRight>>(other, "Join", partitions);

    /// <summary>What query syntax calls for <c>join … on … equals …</c>: the streams are keyed, joined, and a function makes one record of each pair.</summary>
    public static DStream<TResult> Join<TOuter, TInner, TKey, TResult>(
        this DStream<TOuter> outer, DStream<TInner> inner, Func<TOuter, TKey> outerKeySelector, Func<TInner, TKey> innerKeySelector, Func<TOuter, TInner, TResult> resultSelector)
    {
        ArgumentNullException.ThrowIfNull(resultSelector);
        return outer.KeyBy(outerKeySelector).Join(inner.KeyBy(innerKeySelector)).Map(pair => resultSelector(pair.Value.Left, pair.Value.Right));
    }

    internal static DStream<(TKey Key, (TLeftOut Left, TRightOut Right) Value)> JoinAs<TKey, TLeft, TRight, TLeftOut, TRightOut, TKind>(
        this DStream<(TKey Key, TLeft Value)> stream, DStream<(TKey Key, TRight Value)> other, string operatorName, int? partitions)
        where TKind : struct, IJoinKind<TLeft, TRight, TLeftOut, TRightOut>
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(other);
        int count = stream.PartitionsWith(other, partitions);
        return new JoinStream<TKey, TLeft, TRight, TLeftOut, TRightOut, TKind>(stream.ExchangeByKey(count), other.ExchangeByKey(count), operatorName);
    }
}

/// <summary>What a join does with keys that one side lacks. A struct, so that the one loop is compiled for each kind.</summary>
internal interface IJoinKind<TLeft, TRight, TLeftOut, TRightOut>
{
    /// <summary>Whether a left value without a right one goes on.</summary>
    static abstract bool KeepsLeft { get; }

    /// <summary>Whether a right value without a left one goes on.</summary>
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
    internal override bool IsPartitionedByKey => left.IsPartitionedByKey && right.IsPartitionedByKey;

    internal override bool HasUniqueKeys => left.HasUniqueKeys && right.HasUniqueKeys;

    protected internal override void Connect(GraphBuilder graph, Operator<(TKey Key, (TLeftOut Left, TRightOut Right) Value)>[] outputs)
    {
        IJoinOperator<TKey, TLeft, TRight>[] operators = [.. outputs.Select(NewOperator)];
        InTurn<(TKey Key, TRight Value)>[] rights = [.. operators.Select(join => new InTurn<(TKey Key, TRight Value)>(join.Right, isFirst: false, passTurn: null))];
        graph.Attach(left, this, partition => new InTurn<(TKey Key, TLeft Value)>(operators[partition].Left, isFirst: true, rights[partition].TakeTurn));
        graph.Attach(right, this, partition => rights[partition]);
    }

    private IJoinOperator<TKey, TLeft, TRight> NewOperator(Operator<(TKey Key, (TLeftOut Left, TRightOut Right) Value)> output) => HasUniqueKeys
        ? new InStepJoinOperator<TKey, TLeft, TRight, TLeftOut, TRightOut, TKind>(output)
        : new JoinOperator<TKey, TLeft, TRight, TLeftOut, TRightOut, TKind>(output);
}

/// <summary>The two sides of a join's operator; the left one comes first.</summary>
internal interface IJoinOperator<TKey, TLeft, TRight>
{
    Operator<(TKey Key, TLeft Value)> Left { get; }

    Operator<(TKey Key, TRight Value)> Right { get; }
}

/// <summary>Takes the right side itself and the left one by <see cref="Left"/>, which comes first. One table slot holds a key's first value of either side.</summary>
internal sealed class JoinOperator<TKey, TLeft, TRight, TLeftOut, TRightOut, TKind>
    : Operator<(TKey Key, TRight Value), (TKey Key, (TLeftOut Left, TRightOut Right) Value)>, IJoinOperator<TKey, TLeft, TRight>
    where TKind : struct, IJoinKind<TLeft, TRight, TLeftOut, TRightOut>
{
    private readonly KeyTable<TKey, (KeyValues<TLeft> Left, KeyValues<TRight> Right)> _table = new();
    private readonly ValueChains<TLeft> _lefts = new();
    private readonly ValueChains<TRight> _rights = new();
    private readonly uint[] _hashes = new uint[RecordBuffer.SpanRecords];

    public JoinOperator(Operator<(TKey Key, (TLeftOut Left, TRightOut Right) Value)> next)
        : base(next) => Left = new LeftSide(this);

    public Operator<(TKey Key, TLeft Value)> Left { get; }

    public Operator<(TKey Key, TRight Value)> Right => this;

    [MethodImpl(MethodImplOptions.NoInlining)]
    public override void OnBatch(ReadOnlySpan<(TKey Key, TRight Value)> items)
    {
        _table.Prepare<(TKey Key, TRight Value), PairKey<TKey, TRight>>(items, _hashes);
        for (int i = 0; i < items.Length; i++)
        {
            ref readonly (TKey Key, TRight Value) item = ref items[i];
            if (TKind.KeepsRight)
            {
                _rights.Append(ref _table.GetOrAdd(_hashes[i], in item.Key, out _).Right, item.Value);
            }
            else
            {
                ref (KeyValues<TLeft> Left, KeyValues<TRight> Right) values = ref _table.Find(_hashes[i], in item.Key);
                if (!Unsafe.IsNullRef(ref values))
                {
                    _rights.Append(ref values.Right, item.Value);
                }
            }
        }
    }

    public override void OnBatchEnd(BatchScope batch)
    {
        for (int i = 0; i < _table.Count; i++)
        {
            _table.PrefetchAt(i + 16);
            Emit(in _table.KeyAt(i), in _table.ValueAt(i));
        }

        Forget();
        base.OnBatchEnd(batch);
    }

    public override void Reset()
    {
        Forget();
        base.Reset();
    }

    private void Emit(in TKey key, in (KeyValues<TLeft> Left, KeyValues<TRight> Right) values)
    {
        if (values.Left.Last == 1 && values.Right.Last == 1)
        {
            Output.Add((key, (TKind.Left(values.Left.First), TKind.Right(values.Right.First))));
        }
        else if (values.Right.IsEmpty)
        {
            for (int left = TKind.KeepsLeft ? 1 : 0; left != 0; left = _lefts.Next(in values.Left, left))
            {
                Output.Add((key, (TKind.Left(_lefts.At(in values.Left, left)), default!)));
            }
        }
        else if (values.Left.IsEmpty)
        {
            for (int right = 1; right != 0; right = _rights.Next(in values.Right, right))
            {
                Output.Add((key, (default!, TKind.Right(_rights.At(in values.Right, right)))));
            }
        }
        else
        {
            for (int left = 1; left != 0; left = _lefts.Next(in values.Left, left))
            {
                TLeftOut leftValue = TKind.Left(_lefts.At(in values.Left, left));
                for (int right = 1; right != 0; right = _rights.Next(in values.Right, right))
                {
                    Output.Add((key, (leftValue, TKind.Right(_rights.At(in values.Right, right)))));
                }
            }
        }
    }

    private void Forget()
    {
        _table.Clear();
        _lefts.Clear();
        _rights.Clear();
    }

    private sealed class LeftSide(JoinOperator<TKey, TLeft, TRight, TLeftOut, TRightOut, TKind> join) : Operator<(TKey Key, TLeft Value)>
    {
        [MethodImpl(MethodImplOptions.NoInlining)]
        public override void OnBatch(ReadOnlySpan<(TKey Key, TLeft Value)> items)
        {
            join._table.Prepare<(TKey Key, TLeft Value), PairKey<TKey, TLeft>>(items, join._hashes);
            KeyTable<TKey, (KeyValues<TLeft> Left, KeyValues<TRight> Right)>.Probe probe = join._table.Walk();
            for (int i = 0; i < items.Length; i++)
            {
                ref readonly (TKey Key, TLeft Value) item = ref items[i];
                join._lefts.Append(ref probe.GetOrAdd(join._hashes[i], in item.Key, out _).Left, item.Value);
            }
        }

        public override void OnBatchEnd(BatchScope batch)
        {
        }

        public override void Reset() => join.Forget();
    }
}
