using System.Runtime.CompilerServices;

namespace FastStream.Runtime;

/// <summary>
/// One of several inputs of an operator, for one partition. The operator takes its inputs one after another, in the
/// order of the parents. Records that arrive before their input's turn are held, so that the same batches always give
/// the same order, whichever parent is quicker.
/// </summary>
/// <remarks>
/// For an operator with two parents: make the second parent's first, and attach both.
/// <code>
/// var second = new OrderedInput&lt;B&gt;(both.Second, begin: null, passTurn: null);
/// var first = new OrderedInput&lt;A&gt;(both.First, both.Second.OnBatchStart, second.TakeTurn);
/// </code>
/// <c>both.First</c> then gets the first parent's records and resets; then <c>both.Second</c> gets its own records, the
/// end, and resets. The start of the first input goes to <paramref name="begin"/>.
/// </remarks>
/// <typeparam name="T">The parent's record.</typeparam>
/// <param name="next">Takes the input's records; for the last input, also the end.</param>
/// <param name="begin">
/// For the first input, whose turn comes with the start of a batch: starts the batch downstream of all inputs. Null for
/// the other inputs.
/// </param>
/// <param name="passTurn">The following input's <see cref="TakeTurn"/>; null for the last input.</param>
public sealed class OrderedInput<T>(Operator<T> next, Action<BatchContext>? begin, Action<BatchContext>? passTurn) : Operator<T>
{
    private readonly PooledList<T> _held = new();   // records that came before the turn
    private bool _wasGivenTurn;                     // the inputs before have ended
    private bool _hasEnded;                         // the end came before the turn

    private bool HasTurn => begin is not null || _wasGivenTurn;

    // The batch starts downstream once, with the first input.
    /// <inheritdoc/>
    public override void OnBatchStart(BatchContext batch) => begin?.Invoke(batch);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public override void OnRecords(ReadOnlySpan<T> items)
    {
        if (HasTurn)
        {
            next.OnRecords(items);
        }
        else
        {
            _held.AddRange(items);
        }
    }

    /// <inheritdoc/>
    public override void OnBatchEnd(BatchContext batch)
    {
        if (HasTurn)
        {
            End(batch);
        }
        else
        {
            _hasEnded = true;
        }
    }

    /// <summary>Gives this input its turn: the inputs before it have ended.</summary>
    public void TakeTurn(BatchContext batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        Throw.IfStackIsLow();   // with many inputs, each passes the turn to the next
        _wasGivenTurn = true;
        next.OnManyRecords(_held.Span);
        _held.Clear();
        if (_hasEnded)
        {
            End(batch);
        }
    }

    /// <inheritdoc/>
    public override void Reset(BatchContext batch)
    {
        _held.Clear();
        _wasGivenTurn = false;
        _hasEnded = false;
        next.Reset(batch);
    }

    private void End(BatchContext batch)
    {
        _wasGivenTurn = false;
        _hasEnded = false;
        if (passTurn is null)
        {
            next.OnBatchEnd(batch);
        }
        else
        {
            passTurn(batch);
        }
    }
}

/// <summary>Connects an operator to two parents that take turns.</summary>
internal static class OrderedInput
{
    /// <param name="graph">The graph being built.</param>
    /// <param name="stream">The stream of the operator.</param>
    /// <param name="left">The parent whose records come first.</param>
    /// <param name="takesLeft">For each partition, the operator that takes them.</param>
    /// <param name="right">The other parent.</param>
    /// <param name="takesRight">For each partition, the operator that takes its records and the end of both.</param>
    public static void Attach<TLeft, TRight>(
        GraphBuilder graph, DStream stream, DStream<TLeft> left, Func<int, Operator<TLeft>> takesLeft,
        DStream<TRight> right, Func<int, Operator<TRight>> takesRight)
    {
        OrderedInput<TRight>[] rights =
            [.. Enumerable.Range(0, right.PartitionCount)
                .Select(partition => new OrderedInput<TRight>(takesRight(partition), begin: null, passTurn: null))];
        graph.Attach(left, stream,
            partition => new OrderedInput<TLeft>(takesLeft(partition), takesRight(partition).OnBatchStart, rights[partition].TakeTurn));
        graph.Attach(right, stream, partition => rights[partition]);
    }
}
