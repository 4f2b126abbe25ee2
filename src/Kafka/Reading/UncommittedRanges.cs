namespace FastStream;

/// <summary>Ranges of batches that are not committed yet, in time order. Safe from any thread.</summary>
internal sealed class UncommittedRanges
{
    private readonly Queue<(BatchTime Time, IReadOnlyList<KafkaRange> Ranges)> _batches = [];   // guarded by itself

    /// <summary>Adds the ranges of a batch that was cut or loaded.</summary>
    public void Add(BatchTime time, IReadOnlyList<KafkaRange> ranges)
    {
        KafkaRange[] bare = [.. ranges.Select(range => range with { Slices = [] })];   // its records are released earlier
        lock (_batches)
        {
            _batches.Enqueue((time, bare));
        }
    }

    /// <summary>Takes the ranges of a committed batch and of all batches before it.</summary>
    public void TakeUpTo(BatchTime time, Action<IReadOnlyList<KafkaRange>> take)
    {
        lock (_batches)
        {
            while (_batches.TryPeek(out (BatchTime Time, IReadOnlyList<KafkaRange> Ranges) first) && first.Time <= time)
            {
                _batches.Dequeue();
                take(first.Ranges);
            }
        }
    }
}
