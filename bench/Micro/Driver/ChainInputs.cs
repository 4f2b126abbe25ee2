namespace FastStream.Bench.Micro;

/// <summary>Two inputs of one chain: for unions and joins.</summary>
/// <typeparam name="TLeft">The left record.</typeparam>
/// <typeparam name="TRight">The right record.</typeparam>
internal sealed class ChainInputs<TLeft, TRight>
{
    private readonly ChainInput<TLeft> _left;
    private readonly ChainInput<TRight> _right;

    private ChainInputs(StreamingContext context)
    {
        _left = new ChainInput<TLeft>(context);
        _right = new ChainInput<TRight>(context);
    }

    /// <summary>The chain of two inputs.</summary>
    /// <param name="describe">The operators under measurement.</param>
    /// <param name="sink">Takes what comes out.</param>
    public static ChainInputs<TLeft, TRight> Of<TOut>(Func<DStream<TLeft>, DStream<TRight>, DStream<TOut>> describe, Operator<TOut> sink)
    {
        var inputs = new ChainInputs<TLeft, TRight>(Chain.NewContext());
        Chain.Join(describe(inputs._left, inputs._right), sink);
        return inputs;
    }

    /// <summary>Runs one batch, the left side first, with a scope of its own that is let go at the end.</summary>
    public void RunBatch(ReadOnlySpan<TLeft> left, ReadOnlySpan<TRight> right)
    {
        var scope = new BatchContext(default, []);
        _left.StartBatch(scope);
        _right.StartBatch(scope);
        _left.Feed(left);
        _left.EndBatch(scope);
        _right.Feed(right);
        _right.EndBatch(scope);
        scope.Release();
    }
}
