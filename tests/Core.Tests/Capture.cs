namespace FastStream.Tests.Core;

/// <summary>The end of a chain that keeps what it gets.</summary>
internal sealed class Capture<T> : LastOperator<T>
{
    public List<T> Items { get; } = [];

    public int Ends { get; private set; }

    public override void OnRecords(ReadOnlySpan<T> items)
    {
        Assert.InRange(items.Length, 1, RecordBuffer.SpanRecords);
        Items.AddRange(items);
    }

    public override void OnBatchEnd(BatchContext batch) => Ends++;

    public override void Reset(BatchContext batch) => Items.Clear();
}
