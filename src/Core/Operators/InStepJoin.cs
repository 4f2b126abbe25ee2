using System.Runtime.CompilerServices;

namespace FastStream;

/// <summary>
/// Joins two sides that have each key once, such as two reductions of one stream. As long as both bring the same keys
/// in the same order, a comparison replaces the table. From the first difference on,
/// <see cref="JoinOperator{TKey, TLeft, TRight, TLeftOut, TRightOut, TKind}"/> joins the rest.
/// </summary>
/// <remarks>
/// A merge join (Blasgen and Eswaran, 1977) in the order of arrival. Keys before the first difference are complete on
/// both sides, because none occurs twice, and they come first in the result either way: the output is the same as that
/// of the table. docs/decisions/0009-joins-in-step.md has the measurements.
/// </remarks>
internal sealed class InStepJoinOperator<TKey, TLeft, TRight, TLeftOut, TRightOut, TKind>
    : Operator<(TKey Key, TRight Value), (TKey Key, (TLeftOut Left, TRightOut Right) Value)>
    where TKind : struct, IJoinKind<TLeft, TRight, TLeftOut, TRightOut>
{
    private readonly JoinOperator<TKey, TLeft, TRight, TLeftOut, TRightOut, TKind> _table;   // takes over at the first difference
    private readonly PooledList<(TKey Key, TLeft Value)> _lefts = new();
    private int _position;             // left pairs that the right side has matched
    private bool _isInStep = true;

    public InStepJoinOperator(
        JoinOperator<TKey, TLeft, TRight, TLeftOut, TRightOut, TKind> table,
        Operator<(TKey Key, (TLeftOut Left, TRightOut Right) Value)> next)
        : base(next)
    {
        _table = table;
        Left = new LeftSide(this);
    }

    public Operator<(TKey Key, TLeft Value)> Left { get; }

    public override void OnRecords(ReadOnlySpan<(TKey Key, TRight Value)> items)
    {
        if (_isInStep)
        {
            ReadOnlySpan<(TKey Key, TLeft Value)> lefts = _lefts.Span[_position..];
            int met = Meet(lefts, items, Output.GetSpan(items.Length));
            Output.Advance(met);
            _position += met;
            items = items[met..];
            if (items.IsEmpty)
            {
                return;
            }

            LeaveStep();
        }

        _table.OnRecords(items);
    }

    public override void OnBatchEnd(BatchContext batch)
    {
        if (_isInStep && TKind.KeepsLeft)
        {
            LeaveStep();
        }

        Forget();
        _table.OnBatchEnd(batch);
    }

    public override void Reset(BatchContext batch)
    {
        Forget();
        Output.Clear();
        _table.Reset(batch);
    }

    // Writes the results of the pairs, from the first on, whose keys are equal on both sides, and returns their number.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Meet(
        ReadOnlySpan<(TKey Key, TLeft Value)> lefts, ReadOnlySpan<(TKey Key, TRight Value)> rights,
        Span<(TKey Key, (TLeftOut Left, TRightOut Right) Value)> results)
    {
        int i = 0;
        for (; i < lefts.Length && i < rights.Length && i < results.Length; i++)
        {
            ref readonly (TKey Key, TLeft Value) left = ref lefts[i];
            ref readonly (TKey Key, TRight Value) right = ref rights[i];
            if (!EqualityComparer<TKey>.Default.Equals(left.Key, right.Key))
            {
                break;
            }

            results[i] = (left.Key, (TKind.Left(left.Value), TKind.Right(right.Value)));
        }

        return i;
    }

    private void LeaveStep()
    {
        _isInStep = false;
        _table.Left.OnManyRecords(_lefts.Span[_position..]);
    }

    private void Forget()
    {
        _lefts.Clear();
        _position = 0;
        _isInStep = true;
        Output.Release();
    }

    private sealed class LeftSide(InStepJoinOperator<TKey, TLeft, TRight, TLeftOut, TRightOut, TKind> join)
        : LastOperator<(TKey Key, TLeft Value)>
    {
        public override void OnRecords(ReadOnlySpan<(TKey Key, TLeft Value)> items) => join._lefts.AddRange(items);

        public override void Reset(BatchContext batch) => join.Forget();
    }
}
