namespace FastStream;

/// <summary>A key with its state, as a checkpoint stores it.</summary>
/// <param name="key">The key.</param>
/// <param name="state">Its state.</param>
/// <param name="touchedMs">Batch time of the last touch, if that counts.</param>
internal readonly struct SavedKey<TKey, TState>(TKey key, TState state, long touchedMs)
{
    public readonly TKey Key = key;
    public readonly TState State = state;
    public readonly long TouchedMs = touchedMs;
}

/// <summary>The states of one partition's keys, as a checkpoint sees them.</summary>
internal interface ISavedKeys<TKey, TState>
{
    /// <summary>Whether the initial states have been added.</summary>
    bool HasBegun { get; }

    /// <summary>All keys that have a state, as of the last final batch. Call it between batches.</summary>
    IEnumerable<SavedKey<TKey, TState>> Saved();

    /// <summary>Adds states, in place of the initial ones. Call it before the first batch.</summary>
    void Restore(IEnumerable<SavedKey<TKey, TState>> keys);
}
