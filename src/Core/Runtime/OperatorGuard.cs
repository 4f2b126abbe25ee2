using System.Runtime.CompilerServices;

namespace FastStream.Runtime;

/// <summary>
/// Stands before every operator and puts its name on what it throws, also where the stack is too small for the chain.
/// The innermost guard names the failure; the outer ones pass it on.
/// </summary>
internal sealed class OperatorGuard<T>(string name, Operator<T> guarded, string? origin = null) : Operator<T>, IAtWork, IRecordCounter
{
    private int _thread;          // the thread that is in it; 0 when none is
    private BatchContext? _batch;   // the one that began last

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

    // A batch that failed is reset before the next one: what threw is not in it any more.
    public override void Reset(BatchContext batch)
    {
        _thread = 0;
        _batch = null;
        guarded.Reset(batch);
    }

    // The context has given the batch up while something did not return: what comes back takes nothing more.
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
