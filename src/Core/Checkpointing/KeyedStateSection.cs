using System.Buffers;

namespace FastStream;

/// <summary>The states of a stream's keys in a checkpoint.</summary>
/// <remarks><code>| 1, or 0 before the first batch | for each key: | 1 | key | state | last touched, ms (8 bytes) | … | 0 |</code></remarks>
internal sealed class KeyedStateSection<TKey, TState>(DStream stream, IReadOnlyList<ISavedKeys<TKey, TState>> partitions, RecordSerializers serializers) : IStateSection
{
    private readonly IRecordSerializer<TKey> _keys = serializers.Of<TKey>();
    private readonly IRecordSerializer<TState> _states = serializers.Of<TState>();
    private readonly List<SavedKey<TKey, TState>>[] _loaded = [.. partitions.Select(_ => new List<SavedKey<TKey, TState>>())];
    private bool _hasBegun;

    public DStream Stream => stream;

    public string Schema => $"{_states.Schema} by {_keys.Schema}";

    public int PartCount => partitions.Count;

    public void Save(int part, IBufferWriter<byte> output)
    {
        SavedRecords.WriteFlag(partitions[part].HasBegun, output);
        foreach (SavedKey<TKey, TState> saved in partitions[part].Saved())
        {
            SavedRecords.WriteFlag(true, output);
            _keys.Write(in saved.Key, output);
            _states.Write(in saved.State, output);
            BatchRecord.WriteInt64(output, saved.TouchedMs);
        }

        SavedRecords.WriteFlag(false, output);
    }

    public void Load(int part, ReadOnlySpan<byte> bytes)
    {
        _hasBegun |= bytes[0] != 0;
        bytes = bytes[1..];
        while (bytes[0] != 0)
        {
            bytes = bytes[1..];
            TKey key = _keys.Read(ref bytes);
            TState state = _states.Read(ref bytes);
            _loaded[KeyHash.Partition(KeyHash.Of(in key), partitions.Count)].Add(new SavedKey<TKey, TState>(key, state, BatchRecord.ReadInt64(ref bytes)));
        }
    }

    public void EndLoad()
    {
        for (int i = 0; i < partitions.Count && _hasBegun; i++)
        {
            // The shares of several partitions, each longest idle first.
            partitions[i].Restore(_loaded[i].OrderBy(saved => saved.TouchedMs));
        }

        Array.Clear(_loaded);
    }
}
