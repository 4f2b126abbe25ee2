using System.Runtime.CompilerServices;

namespace FastStream.Runtime;

/// <summary>
/// Wraps every operator and adds its name to the exceptions that it throws, also where the stack is too small for the
/// chain. The innermost guard names the failure; the outer ones pass it on.
/// </summary>
internal sealed class OperatorGuard<T>(string name, Operator<T> guarded, string? origin = null) : Operator<T>, IAtWork, IRecordCounter
{
    private int _thread;          // the thread that runs it now; 0 if none does
    private BatchContext? _batch;   // the attempt that began last

    public string Name => name;

    public int Thread => Volatile.Read(ref _thread);

    /// <inheritdoc/>
    public long Records { get; private set; }

    public override void OnBatchStart(BatchContext batch)
    {
        try
        {
            Throw.IfStackIsLow();
            _batch = batch;
            ThrowIfLeftBehind();
            _thread = Environment.CurrentManagedThreadId;
            guarded.OnBatchStart(batch);
            _thread = 0;
        }
        catch (Exception error) when (error is not OperatorFailure)
        {
            throw new OperatorFailure(name, origin, error);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public override void OnRecords(ReadOnlySpan<T> items)
    {
        try
        {
            Throw.IfStackIsLow();
            ThrowIfLeftBehind();
            _thread = Environment.CurrentManagedThreadId;
            Records += items.Length;
            guarded.OnRecords(items);
            _thread = 0;
        }
        catch (Exception error) when (error is not OperatorFailure)
        {
            throw new OperatorFailure(name, origin, error);
        }
    }

    public override void OnBatchEnd(BatchContext batch)
    {
        try
        {
            Throw.IfStackIsLow();
            ThrowIfLeftBehind();
            _thread = Environment.CurrentManagedThreadId;
            guarded.OnBatchEnd(batch);
            _thread = 0;
            _batch = null;
        }
        catch (Exception error) when (error is not OperatorFailure)
        {
            throw new OperatorFailure(name, origin, error);
        }
    }

    // A failed batch is reset before the next one begins: the thread that threw has left the operator.
    public override void Reset(BatchContext batch)
    {
        _thread = 0;
        _batch = null;
        guarded.Reset(batch);
    }

    // The context stopped before all work of the batch returned: work that returns later must not continue.
    private void ThrowIfLeftBehind()
    {
        if (_batch is null)
        {
            throw new InvalidOperationException(
                "Records or an end came before the start of a batch. The operator before this one must pass OnBatchStart on.");
        }

        if (_batch.IsLeftBehind)
        {
            throw new OperationCanceledException("The context has stopped without this batch.");
        }
    }
}
