namespace FastStream.Bench.Micro;

/// <summary>Counts records: the cheapest end of a chain.</summary>
internal sealed class CountSink<T> : LastOperator<T>
{
    /// <summary>Records of all batches.</summary>
    public long Total { get; private set; }

    public override void OnRecords(ReadOnlySpan<T> items) => Total += items.Length;
}

/// <summary>Adds numbers up.</summary>
internal sealed class SumSink : LastOperator<long>
{
    /// <summary>The sum over all batches.</summary>
    public long Total { get; private set; }

    public override void OnRecords(ReadOnlySpan<long> items)
    {
        long total = 0;
        foreach (long item in items)
        {
            total += item;
        }

        Total += total;
    }
}
