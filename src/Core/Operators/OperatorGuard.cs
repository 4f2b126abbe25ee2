using System.Runtime.CompilerServices;

namespace FastStream;

/// <summary>Stands before every operator and puts its name on what it throws, also where the stack is too small for the chain. The innermost guard names the failure; the outer ones pass it on.</summary>
internal sealed class OperatorGuard<T>(string name, Operator<T> guarded) : Operator<T>, IRecordCounter
{
    /// <inheritdoc/>
    public long Records { get; private set; }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public override void OnBatch(ReadOnlySpan<T> items)
    {
        try
        {
            Throw.IfStackIsLow();
            Records += items.Length;
            guarded.OnBatch(items);
        }
        catch (Exception error) when (error is not OperatorFailure)
        {
            throw new OperatorFailure(name, error);
        }
    }

    public override void OnBatchEnd(BatchScope batch)
    {
        try
        {
            Throw.IfStackIsLow();
            guarded.OnBatchEnd(batch);
        }
        catch (Exception error) when (error is not OperatorFailure)
        {
            throw new OperatorFailure(name, error);
        }
    }

    public override void Reset() => guarded.Reset();
}
