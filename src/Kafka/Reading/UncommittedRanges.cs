namespace FastStream;

/// <summary>Ranges of batches that are not done with, in time order. Safe from any thread.</summary>
internal sealed class UncommittedRanges
{
    private readonly Queue<(BatchTime Time, IReadOnlyList<KafkaRange> Ranges)> _batches = [];   // guarded by itself

    /// <summary>A batch was cut or loaded.</summary>
    public void Add(BatchTime time, IReadOnlyList<KafkaRange> ranges)
    {
        KafkaRange[] bare = [.. ranges.Select(range => range with { Slices = [] })];   // records go back before
        lock (_batches)
        {
            _batches.Enqueue((time, bare));
        }
    }

    /// <summary>A batch is done with, and all before it.</summary>
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
