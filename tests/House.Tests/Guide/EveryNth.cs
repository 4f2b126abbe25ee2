namespace FastStream.Tests.House.Guide;

public static class EveryNthExtensions
{
    /// <summary>Every n-th record of each partition of a batch.</summary>
    public static DStream<T> EveryNth<T>(this DStream<T> stream, int n) => new EveryNthStream<T>(stream, n);
}

/// <summary>The description: parents and settings. It is immutable, and makes one operator for each partition.</summary>
internal sealed class EveryNthStream<T>(DStream<T> parent, int n) : DStream<T>(parent.Context, "EveryNth", parent)
{
    protected override void Connect(GraphBuilder graph, Operator<T>[] outputs) =>
        graph.Attach(parent, this, partition => new EveryNthOperator<T>(n, outputs[partition]));
}

/// <summary>The running part. One thread at a time calls it: it needs no lock.</summary>
internal sealed class EveryNthOperator<T>(int n, Operator<T> next) : Operator<T, T>(next)
{
    private int _seen;                                        // records of this batch

    public override void OnRecords(ReadOnlySpan<T> items)
    {
        foreach (T item in items)
        {
            if (_seen++ % n == 0)
            {
                Output.Add(item);
            }
        }
    }

    public override void OnBatchEnd(BatchContext batch)
    {
        _seen = 0;
        base.OnBatchEnd(batch);                               // flushes Output and passes the end on
    }

    public override void Reset(BatchContext batch)
    {
        _seen = 0;                                            // the batch has failed: it never began
        base.Reset(batch);
    }
}
