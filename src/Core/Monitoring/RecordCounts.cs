namespace FastStream;

/// <summary>Counts the records of one partition of a stream since the graph's start.</summary>
internal interface IRecordCounter
{
    /// <summary>Records so far; written by the partition's thread, read between batches.</summary>
    long Records { get; }
}

/// <summary>The records of all streams of a graph, batch by batch.</summary>
internal sealed class RecordCounts(IReadOnlyList<(DStream Stream, int Partition, IRecordCounter Counter)> counters)
{
    private readonly long[] _before = new long[counters.Count];   // as of the start of the batch

    /// <summary>Begins a batch. Called between batches.</summary>
    public void Begin()
    {
        for (int i = 0; i < _before.Length; i++)
        {
            _before[i] = counters[i].Counter.Records;
        }
    }

    /// <summary>The records since <see cref="Begin"/>. Called when the batch has drained.</summary>
    public StreamRecords[] Take() =>
        [.. counters.Select((each, i) => new StreamRecords(each.Stream.Id, each.Partition, each.Counter.Records - _before[i]))];
}
