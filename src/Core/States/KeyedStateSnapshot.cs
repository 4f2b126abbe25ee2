using System.Buffers;

namespace FastStream;

/// <summary>The states of a stream's keys in a checkpoint.</summary>
/// <remarks>
/// <code>| 1, or 0 before the first batch | keys in a span (4 bytes) | for each: | key | state | last touched, ms (8) |
/// … | 0 (4) |</code>
/// </remarks>
internal sealed class KeyedStateSnapshot<TKey, TState>(DStream stream,
    IReadOnlyList<ISavedKeys<TKey, TState>> partitions, RecordSerializers serializers, KeySalt salt) : IStateSnapshot
{
    private readonly IRecordSerializer<TKey> _keys = serializers.Of<TKey>();
    private readonly IRecordSerializer<TState> _states = serializers.Of<TState>();
    private readonly List<SavedKey<TKey, TState>>[] _loaded = [.. partitions.Select(_ => new List<SavedKey<TKey, TState>>())];
    private readonly KeySalt _salt = salt;
    private bool _hasBegun;

    public DStream Stream => stream;

    public string Schema => $"{_states.Schema} by {_keys.Schema}";

    public int PartCount => partitions.Count;

    public bool IsByGroup => PartitionHash.IsStable<TKey>();

    public void Save(int part, IBufferWriter<byte> output)
    {
        StateWriter.WriteFlag(output, partitions[part].HasBegun);
        foreach (SavedKey<TKey, TState>[] span in partitions[part].Saved().Chunk(RecordBuffer.SpanRecords))
        {
            StateWriter.WriteInt32(output, span.Length);
            foreach (ref readonly SavedKey<TKey, TState> saved in span.AsSpan())
            {
                _keys.Write(in saved.Key, output);
                _states.Write(in saved.State, output);
                StateWriter.WriteInt64(output, saved.TouchedMs);
            }
        }

        SavedRecords.WriteEnd(output);
    }

    public void Load(int part, int? owner, ReadOnlySpan<byte> bytes)
    {
        if (StoredPartHead.Read(bytes) is { } stored)
        {
            throw new InvalidOperationException(
                $"The states of {stream.Name} are in a store of the kind {stored.Kind}, and the program keeps them "
                    + "in memory. Set StreamingOptions.State.Store to a store of that kind.");
        }

        _hasBegun |= bytes[0] != 0;
        bytes = bytes[1..];
        var owners = new SavedKeyOwner(owner, partitions.Count, _salt);
        for (int count; (count = StateReader.ReadInt32(ref bytes)) != 0;)
        {
            for (; count > 0; count--)
            {
                TKey key = _keys.Read(ref bytes);
                TState state = _states.Read(ref bytes);
                _loaded[owners.Of(in key)].Add(new SavedKey<TKey, TState>(key, state, StateReader.ReadInt64(ref bytes)));
            }
        }
    }

    public void EndLoad()
    {
        for (int i = 0; i < partitions.Count && _hasBegun; i++)
        {
            partitions[i].Restore(_loaded[i]);
        }

        Array.Clear(_loaded);
    }
}
