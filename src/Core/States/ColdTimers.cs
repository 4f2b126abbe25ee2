using System.Buffers;
using System.Buffers.Binary;

namespace FastStream;

/// <summary>When keys that are not in the table must be checked again: slots of time, whose keys are in the store.</summary>
/// <remarks>
/// <code>
/// key     | 1 (1) | number of the chunk (8) |          each has a number of its own, for ever
/// value   | due, ms (8) | bytes of the key (4) | key | …
/// </code>
/// A slot is a 256th of the idle time: when its time comes, its keys are looked up together. A key that was touched in
/// the meantime is then filed again, so that each key is filed once, however often it leaves the table. Belongs to one
/// partition; not thread safe.
/// </remarks>
internal sealed class ColdTimers(StoredShard shard, TimeSpan idle)
{
    private const byte TimerKey = 1;
    private const int ChunkBytes = 2048;
    private const int KeyBytes = 9;
    private const int ChunksAtOnce = 64;

    private readonly long _idleMs = (long)idle.TotalMilliseconds;
    private readonly long _width = Math.Max(1, (long)idle.TotalMilliseconds / 256);
    private readonly SortedDictionary<long, Slot> _slots = [];
    private readonly List<long> _gone = [];   // chunks of opened slots, still in the store
    private readonly StoredKeys _asked = new();
    private long _nextChunk;

    /// <summary>The start of the first slot: no key of the store is due before it. Null if no key is filed.</summary>
    public long? First
    {
        get
        {
            foreach (long begin in _slots.Keys)
            {
                return begin;
            }

            return null;
        }
    }

    /// <summary>The end of the first slot.</summary>
    public long EndOfFirst => First!.Value + _width;

    /// <summary>The time up to which slots have been opened: a key that is due before it belongs in the table.</summary>
    public long OpenedUntil { get; private set; } = long.MinValue;

    /// <summary>Files a key.</summary>
    /// <param name="due">When the key must be checked.</param>
    /// <param name="key">The key's bytes in the store.</param>
    public void File(long due, ReadOnlySpan<byte> key)
    {
        long begin = BeginOf(due);
        if (!_slots.TryGetValue(begin, out Slot? slot))
        {
            _slots.Add(begin, slot = new Slot());
        }

        StateWriter.WriteInt64(slot.Last, due);
        StateWriter.WriteInt32(slot.Last, key.Length);
        slot.Last.Write(key);
        if (slot.Last.WrittenCount >= ChunkBytes && !shard.IsSaving)
        {
            shard.Write(KeyOf(NewChunk(slot)), slot.Last.WrittenSpan);
            slot.Last.ResetWrittenCount();
        }
    }

    /// <summary>Removes the first slot and passes on all its keys; some may come twice, and some may be gone.</summary>
    public void OpenFirst(Action<long, ReadOnlyMemory<byte>> key)
    {
        long begin = First!.Value;
        Slot slot = _slots[begin];
        shard.WaitForSnapshot();   // the snapshot may still have to write a chunk
        foreach (long[] chunks in slot.Chunks.Chunk(ChunksAtOnce))
        {
            _asked.Clear();
            foreach (long chunk in chunks)
            {
                _asked.Add(KeyOf(chunk));
            }

            var found = new byte[chunks.Length][];
            shard.Read(_asked, (index, value) => found[index] = value.ToArray());
            foreach (byte[]? bytes in found)
            {
                PassKeys(bytes ?? throw new InvalidDataException($"The store of {shard.Name} has lost keys that time out "
                    + $"from {new BatchTime(begin)} on. Restore an undamaged copy of the checkpoint directory."), key);
            }
        }

        // Only now, so that after a failed read the slot is still there for the next attempt.
        _slots.Remove(begin);
        _gone.AddRange(slot.Chunks);
        OpenedUntil = Math.Max(OpenedUntil, begin + _width);
        PassKeys(slot.Last.WrittenMemory, key);
    }

    /// <summary>Adds to the changes what the store does not have yet.</summary>
    public void Flush(StoredChanges changes)
    {
        foreach (Slot slot in _slots.Values)
        {
            if (slot.Last.WrittenCount > 0)
            {
                changes.Write(KeyOf(NewChunk(slot)), slot.Last.WrittenSpan);
                slot.Last.ResetWrittenCount();
            }
        }

        foreach (long chunk in _gone)
        {
            changes.Delete(KeyOf(chunk));
        }

        _gone.Clear();
    }

    /// <summary>Removes chunks that are no longer needed from the store, when no snapshot will do it.</summary>
    public void Clean()
    {
        foreach (long chunk in _gone)
        {
            shard.Delete(KeyOf(chunk));
        }

        _gone.Clear();
    }

    /// <summary>Writes the list of slots, as of the last <see cref="Flush"/>.</summary>
    public void Save(IBufferWriter<byte> output)
    {
        StateWriter.WriteInt64(output, _idleMs);
        StateWriter.WriteInt64(output, _nextChunk);
        StateWriter.WriteInt32(output, _slots.Count);
        foreach ((long begin, Slot slot) in _slots)
        {
            StateWriter.WriteInt64(output, begin);
            StateWriter.WriteInt32(output, slot.Chunks.Count);
            foreach (long chunk in slot.Chunks)
            {
                StateWriter.WriteInt64(output, chunk);
            }
        }
    }

    /// <summary>
    /// Whether the saved slots are of this idle time, by which keys are filed. States without a time-out saved none.
    /// </summary>
    public bool Fits(ReadOnlySpan<byte> saved) => !saved.IsEmpty && StateReader.ReadInt64(ref saved) == _idleMs;

    /// <summary>Reads what <see cref="Save"/> wrote, if it <see cref="Fits"/>.</summary>
    public void Load(ReadOnlySpan<byte> bytes)
    {
        _ = StateReader.ReadInt64(ref bytes);
        _nextChunk = StateReader.ReadInt64(ref bytes);
        for (int count = StateReader.ReadInt32(ref bytes); count > 0; count--)
        {
            var slot = new Slot();
            _slots.Add(StateReader.ReadInt64(ref bytes), slot);
            for (int chunks = StateReader.ReadInt32(ref bytes); chunks > 0; chunks--)
            {
                slot.Chunks.Add(StateReader.ReadInt64(ref bytes));
            }
        }
    }

    private static void PassKeys(ReadOnlyMemory<byte> chunk, Action<long, ReadOnlyMemory<byte>> key)
    {
        while (!chunk.IsEmpty)
        {
            long due = BinaryPrimitives.ReadInt64LittleEndian(chunk.Span);
            int length = BinaryPrimitives.ReadInt32LittleEndian(chunk.Span[8..]);
            key(due, chunk.Slice(12, length));
            chunk = chunk[(12 + length)..];
        }
    }

    private static byte[] KeyOf(long chunk)
    {
        byte[] key = new byte[KeyBytes];
        key[0] = TimerKey;
        BinaryPrimitives.WriteInt64LittleEndian(key.AsSpan(1), chunk);
        return key;
    }

    private long NewChunk(Slot slot)
    {
        slot.Chunks.Add(_nextChunk);
        return _nextChunk++;
    }

    private long BeginOf(long due) => (due / _width * _width) - (due < 0 && due % _width != 0 ? _width : 0);

    private sealed class Slot
    {
        public ArrayBufferWriter<byte> Last { get; } = new();   // keys that are in no chunk yet

        public List<long> Chunks { get; } = [];                 // in the store, or among the changes for it
    }
}
