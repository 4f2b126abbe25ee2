namespace FastStream.Runtime;

/// <summary>One partition's states, for those who read them between two batches. The last batch counts by then.</summary>
/// <typeparam name="TKey">The key.</typeparam>
/// <typeparam name="TState">What is kept for a key.</typeparam>
internal interface IReadableStates<TKey, TState>
{
    /// <summary>Number of keys that have a state. Walks over the store, where there is one.</summary>
    long CountStates();

    /// <summary>A key's state. Its texts are valid until the next call.</summary>
    Optional<TState> FindState(TKey key);

    /// <summary>Calls back for each key that has a state. Texts are valid during the call.</summary>
    void VisitStates(Action<TKey, TState> visit);
}

/// <summary>The states of one stream in a running graph, in all partitions.</summary>
internal abstract class ReadableStates(DStream stream) : IKeptStates
{
    public DStream Stream { get; } = stream;

    /// <summary>What they are called: the stream's name.</summary>
    public string Name => Stream.Name;

    public abstract StateInfo Info { get; }

    /// <summary>A way to read them until the answer is there.</summary>
    public abstract StateView View(StateViews owner);
}

/// <inheritdoc/>
internal sealed class ReadableStates<TKey, TState>(DStream stream, IReadOnlyList<IReadableStates<TKey, TState>> partitions, KeySalt salt)
    : ReadableStates(stream)
{
    private readonly KeySalt _salt = salt;

    public IReadOnlyList<IReadableStates<TKey, TState>> Partitions => partitions;

    public override StateInfo Info => new(Name, typeof(TKey), typeof(TState), partitions.Count);

    /// <summary>The partition that owns a key.</summary>
    public IReadableStates<TKey, TState> OwnerOf(TKey key) =>
        partitions[KeyGroups.PartitionOf(PartitionHash.Of(in key, in _salt), partitions.Count)];

    public override StateView View(StateViews owner) => new StateView<TKey, TState>(this, owner);
}
