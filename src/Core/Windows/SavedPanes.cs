namespace FastStream;

/// <summary>
/// Assembles the batches of a window from the parts in a checkpoint: one batch for each time and partition.
/// </summary>
internal sealed class SavedPanes<T>(int partitions)
{
    private readonly SortedDictionary<BatchTime, PaneCollector<T>?[]> _batches = [];
    private readonly TextArena _memory = new();

    /// <summary>Adds a batch of this time, even if it has no records.</summary>
    public void Begin(BatchTime time) => _batches.TryAdd(time, new PaneCollector<T>?[partitions]);

    /// <summary>Adds records to a batch, with copies of their texts.</summary>
    public void Add(BatchTime time, int partition, ReadOnlySpan<T> records) => (_batches[time][partition] ??= NewCollector()).Add(records);

    /// <summary>Passes all batches on, those of a partition in time order, and drops them.</summary>
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

    // Its panes hold no memory of a batch, so that the depth of the window does not matter.
    private PaneCollector<T> NewCollector() => new(depth: 0, _memory);
}
