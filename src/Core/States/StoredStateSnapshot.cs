using System.Buffers;

namespace FastStream;

/// <summary>One partition's states in a store, as a checkpoint sees them.</summary>
internal interface IStoredStates
{
    /// <summary>The store.</summary>
    StoredShard Shard { get; }

    /// <summary>Whether the initial states have been added.</summary>
    bool HasBegun { get; }

    /// <summary>The timers in the store; null if states have none.</summary>
    ColdTimers? Timers { get; }

    /// <summary>Adds to the changes what the store does not have yet. Call it between batches.</summary>
    void Flush(StoredChanges changes);

    /// <summary>Begins with the states of the store. Call it before the first batch.</summary>
    void BeginFromStore(bool hasBegun);

    /// <summary>
    /// Adds a state that belonged to another partition, or was in a checkpoint. Call it before the first batch.
    /// </summary>
    /// <param name="key">The key's bytes in a store.</param>
    /// <param name="value">The state's bytes in a store.</param>
    void Move(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value);
}

/// <summary>A state whose parts are in stores of their own: the checkpoint has the names of their snapshots.</summary>
internal interface IStoredSection
{
    /// <summary>Begins to write a part to the disk. Call it between batches.</summary>
    StoredPart BeginSave(int part);
}

/// <summary>A part that is being written to the disk.</summary>
/// <param name="Head">The bytes that precede the name of the snapshot.</param>
/// <param name="Id">The store.</param>
/// <param name="Snapshot">The name of the snapshot, once that is complete.</param>
internal sealed record StoredPart(byte[] Head, int Id, Task<ReadOnlyMemory<byte>> Snapshot)
{
    public const byte Mark = 2;    // stands for a part's first byte, which is 0 or 1 if the states follow

    /// <summary>The store as of the snapshot. Call it when the snapshot is complete.</summary>
    public StoredSnapshot Store => new(Id, Snapshot.GetAwaiter().GetResult());

    /// <summary>Writes the part. Call it when the snapshot is complete.</summary>
    public void Write(IBufferWriter<byte> output)
    {
        StoredSnapshot store = Store;
        output.Write(Head);
        StateWriter.WriteInt32(output, store.Id);
        StateWriter.WriteInt32(output, store.Snapshot.Length);
        output.Write(store.Snapshot.Span);
    }
}

/// <summary>What a checkpoint has of a part of a stored state.</summary>
/// <remarks>
/// <code>| 2 (1) | 1, or 0 before the first batch (1) | bytes of the kind (4) | kind | bytes of timers (4) | timers |
/// number of the store (4) | bytes of the snapshot (4) | snapshot |</code>
/// </remarks>
internal sealed record StoredPartHead(bool HasBegun, string Kind, byte[] Timers, int Id, byte[] Snapshot)
{
    public static byte[] Head(bool hasBegun, string kind, ColdTimers? timers)
    {
        var head = new ArrayBufferWriter<byte>();
        StateWriter.WriteByte(head, StoredPart.Mark);
        StateWriter.WriteFlag(head, hasBegun);
        Write(head, System.Text.Encoding.UTF8.GetBytes(kind));
        var slots = new ArrayBufferWriter<byte>();
        timers?.Save(slots);
        Write(head, slots.WrittenSpan);
        return head.WrittenSpan.ToArray();
    }

    /// <summary>Reads a part; null if its states follow in the checkpoint itself.</summary>
    public static StoredPartHead? Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty || bytes[0] != StoredPart.Mark)
        {
            return null;
        }

        bool hasBegun = bytes[1] != 0;
        bytes = bytes[2..];
        string kind = System.Text.Encoding.UTF8.GetString(ReadBytes(ref bytes));
        byte[] timers = ReadBytes(ref bytes);
        return new StoredPartHead(hasBegun, kind, timers, StateReader.ReadInt32(ref bytes), ReadBytes(ref bytes));
    }

    private static void Write(ArrayBufferWriter<byte> output, ReadOnlySpan<byte> bytes)
    {
        StateWriter.WriteInt32(output, bytes.Length);
        output.Write(bytes);
    }

    private static byte[] ReadBytes(ref ReadOnlySpan<byte> bytes)
    {
        int length = StateReader.ReadInt32(ref bytes);
        if (length < 0 || length > bytes.Length)
        {
            throw new InvalidDataException($"A part of a checkpoint has a field of {length} bytes where {bytes.Length} are left.");
        }

        byte[] field = bytes[..length].ToArray();
        bytes = bytes[length..];
        return field;
    }
}

/// <summary>The states of a stream's keys in stores, one for each partition.</summary>
internal sealed class StoredStateSnapshot<TKey, TState>(DStream stream, IReadOnlyList<IStoredStates> partitions,
    StateStores stores, KeySalt salt) : IStateSnapshot, IStoredSection
{
    private readonly IRecordSerializer<TKey> _keys = stores.Serializers.Of<TKey>();
    private readonly IRecordSerializer<TState> _states = stores.Serializers.Of<TState>();
    private readonly List<(int? Owner, StoredPartHead Head)> _stored = [];
    private readonly KeySalt _salt = salt;
    private bool _hasBegun;
    private bool _isMoving;    // the stores are new, and each state goes to the partition that owns it now

    public DStream Stream => stream;

    public string Schema => $"{_states.Schema} by {_keys.Schema}";

    public int PartCount => partitions.Count;

    public bool IsByGroup => PartitionHash.IsStable<TKey>();

    public StoredPart BeginSave(int part)
    {
        IStoredStates states = partitions[part];
        states.Shard.EnsureOpen();
        var changes = new StoredChanges();
        states.Flush(changes);
        byte[] head = StoredPartHead.Head(states.HasBegun, stores.Kind, states.Timers);
        return new StoredPart(head, states.Shard.Id, states.Shard.BeginSnapshot(changes));
    }

    public void Save(int part, IBufferWriter<byte> output) => throw new NotSupportedException("A stored state is saved by BeginSave.");

    public void Load(int part, int? owner, ReadOnlySpan<byte> bytes)
    {
        if (StoredPartHead.Read(bytes) is { } head)
        {
            if (head.Kind != stores.Kind)
            {
                throw new InvalidOperationException(
                    $"The states of {stream.Name} are in a store of the kind {head.Kind}, and the program's is "
                    + $"{stores.Kind}. Start with the previous store.");
            }

            _hasBegun |= head.HasBegun;
            _stored.Add((owner, head));
            return;
        }

        LoadFromMemory(owner, bytes);
    }

    public void EndLoad()
    {
        if (!_isMoving && _stored.Count == partitions.Count
            && _stored.Index().All(each => each.Item.Owner == each.Index
                && partitions[each.Index].Timers?.Fits(each.Item.Head.Timers) != false))
        {
            for (int i = 0; i < partitions.Count; i++)
            {
                StoredPartHead head = _stored[i].Head;
                partitions[i].Timers?.Load(head.Timers);
                partitions[i].Shard.Open(head.Id, head.Snapshot);
                partitions[i].BeginFromStore(_hasBegun);
            }

            return;
        }

        BeginMoving();
        foreach (IStoredStates each in partitions)
        {
            each.BeginFromStore(_hasBegun);
        }

        foreach ((_, StoredPartHead head) in _stored)
        {
            using KeyedStore old = stores.Open(stream.Name, head.Id, head.Snapshot, isReadOnly: true);
            var cold = new ColdStates<TKey, TState>(partitions[0].Shard, stores.Serializers);
            old.ReadAll((key, value) =>
            {
                if (ColdStates<TKey, TState>.IsState(key))
                {
                    TKey of = cold.KeyOf(key);
                    partitions[KeyGroups.PartitionOf(PartitionHash.Of(in of, in _salt), partitions.Count)].Move(key, value);
                }
            });
        }

        _stored.Clear();
    }

    // If the partitions or the time-out have changed, or states were in memory before, states move to new stores,
    // because older checkpoints need the old ones.
    private void BeginMoving()
    {
        for (int i = 0; i < partitions.Count && !_isMoving; i++)
        {
            partitions[i].Shard.Open(stores.NewId(), null);
        }

        _isMoving = true;
    }

    private void LoadFromMemory(int? owner, ReadOnlySpan<byte> bytes)
    {
        BeginMoving();
        _hasBegun |= bytes[0] != 0;
        bytes = bytes[1..];
        var owners = new SavedKeyOwner(owner, partitions.Count, _salt);
        var cold = new ColdStates<TKey, TState>(partitions[0].Shard, stores.Serializers);
        for (int count; (count = StateReader.ReadInt32(ref bytes)) != 0;)
        {
            for (; count > 0; count--)
            {
                TKey key = _keys.Read(ref bytes);
                TState state = _states.Read(ref bytes);
                partitions[owners.Of(in key)]
                    .Move(cold.KeyBytes(in key), cold.ValueBytes(in state, StateReader.ReadInt64(ref bytes), isFiled: false));
            }
        }
    }
}
