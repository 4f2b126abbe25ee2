namespace FastStream;

/// <summary>Puts the batches of a window together from the shares that a checkpoint has of them: one for each time and partition.</summary>
internal sealed class SavedPanes<T>(int partitions)
{
    private readonly SortedDictionary<BatchTime, PaneCollector<T>?[]> _batches = [];
    private readonly TextArena _memory = new();

    /// <summary>There is a batch of this time, also where it has no records.</summary>
    public void Begin(BatchTime time) => _batches.TryAdd(time, new PaneCollector<T>?[partitions]);

    /// <summary>Adds records to a batch, with copies of their texts.</summary>
    public void Add(BatchTime time, int partition, ReadOnlySpan<T> records) => (_batches[time][partition] ??= NewCollector()).Add(records);

    /// <summary>Gives all batches, those of a partition in time order, and forgets them.</summary>
    public void Give(Action<int, WindowPane<T>> take)
    {
        foreach ((BatchTime time, PaneCollector<T>?[] batch) in _batches)
        {
            for (int partition = 0; partition < partitions; partition++)
            {
                take(partition, (batch[partition] ?? NewCollector()).TakePane(time));
            }
        }

        _batches.Clear();
    }

    // What is taken out of it holds no memory of a batch, and so no window's depth counts.
    private PaneCollector<T> NewCollector() => new(depth: 0, _memory);
}
