namespace FastStream.Runtime;

/// <summary>One partition's states, for reading between two batches. The states include the last batch.</summary>
/// <typeparam name="TKey">The key.</typeparam>
/// <typeparam name="TState">The state of a key.</typeparam>
internal interface IReadableStates<TKey, TState>
{
    /// <summary>Number of keys that have a state. Scans the store, where there is one.</summary>
    long CountStates();

    /// <summary>A key's state. Its texts are valid until the next call.</summary>
    Optional<TState> FindState(TKey key);

    /// <summary>Calls <paramref name="visit"/> for each key that has a state. Texts are valid during that call.</summary>
    void VisitStates(Action<TKey, TState> visit);
}

/// <summary>The states of one stream in a running graph, in all partitions.</summary>
internal abstract class ReadableStates(DStream stream) : IKeptStates
{
    public DStream Stream { get; } = stream;

    /// <summary>The name of the states: the stream's name.</summary>
    public string Name => Stream.Name;

    public abstract StateInfo Info { get; }

    /// <summary>A view for reading the states until the query is answered.</summary>
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
