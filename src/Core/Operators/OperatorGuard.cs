using System.Runtime.CompilerServices;

namespace FastStream;

/// <summary>Stands before every operator and puts its name on what it throws, also where the stack is too small for the chain. The innermost guard names the failure; the outer ones pass it on.</summary>
internal sealed class OperatorGuard<T>(string name, Operator<T> guarded, RunningBatch? running = null) : Operator<T>, IAtWork, IRecordCounter
{
    private int _thread;   // the thread that is in it; 0 when none is

    public string Name => name;

    public int Thread => Volatile.Read(ref _thread);

    /// <inheritdoc/>
    public long Records { get; private set; }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public override void OnBatch(ReadOnlySpan<T> items)
    {
        try
        {
            Throw.IfStackIsLow();
            running?.ThrowIfLeftBehind();
            _thread = Environment.CurrentManagedThreadId;
            Records += items.Length;
            guarded.OnBatch(items);
            _thread = 0;
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
            running?.ThrowIfLeftBehind();
            _thread = Environment.CurrentManagedThreadId;
            guarded.OnBatchEnd(batch);
            _thread = 0;
        }
        catch (Exception error) when (error is not OperatorFailure)
        {
            throw new OperatorFailure(name, error);
        }
    }

    // A batch that failed is reset before the next one: what threw is not in it any more.
    public override void Reset()
    {
        _thread = 0;
        guarded.Reset();
    }
}
