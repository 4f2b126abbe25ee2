using System.Buffers;

namespace FastStream;

/// <summary>The states of one partition that are not in its table: keys and states as the bytes of a <see cref="StoredShard"/>.</summary>
/// <remarks>
/// <code>
/// key     | 0 (1) | key |            and | 1 (1) | … | for what <see cref="ColdTimers"/> keeps
/// value   | 1 if a timer is filed (1) | last touched, ms (8) | state |
/// </code>
/// Belongs to one partition's operators; not thread safe.
/// </remarks>
internal sealed class ColdStates<TKey, TState>(StoredShard shard, RecordSerializers serializers)
{
    private const int Padding = 64;     // bytes after a text that may be loaded with it
    private const byte StateKey = 0;

    private readonly IRecordSerializer<TKey> _keys = serializers.Of<TKey>();
    private readonly IRecordSerializer<TState> _states = serializers.Of<TState>();
    private readonly StoredKeys _asked = new();
    private readonly ArrayBufferWriter<byte> _key = new();
    private readonly ArrayBufferWriter<byte> _value = new();
    private byte[] _pinned = [];        // the texts of keys and states that were read lie here
    private long _valueBytes;           // bytes written so far, to estimate the size of an object
    private long _valuesWritten;

    /// <summary>The schema of states and keys as they are written.</summary>
    public string Schema => $"{_states.Schema} by {_keys.Schema}";

    public StoredShard Shard => shard;

    /// <summary>The average number of bytes of a written state; 0 before the first one.</summary>
    public long AverageValueBytes => _valuesWritten == 0 ? 0 : _valueBytes / _valuesWritten;

    /// <summary>Adds a key to those that the next <see cref="Read"/> looks up.</summary>
    public void Ask(in TKey key)
    {
        StateWriter.WriteByte(_asked.Writer, StateKey);
        _keys.Write(in key, _asked.Writer);
        _asked.EndKey();
    }

    /// <summary>Adds a key, given as its bytes in the store.</summary>
    public void Ask(ReadOnlySpan<byte> stored) => _asked.Add(stored);

    /// <summary>Looks up all keys that were added, and passes on each value with the position of its key.</summary>
    public void Read(StoredValueReader found)
    {
        try
        {
            shard.Read(_asked, found);
        }
        finally
        {
            _asked.Clear();
        }
    }

    /// <summary>The state of a key, or none. Its texts are valid until the next call.</summary>
    public Optional<TState> Find(in TKey key)
    {
        Optional<TState> found = default;
        Ask(in key);
        Read((_, value) => found = StateOf(value, out long _, out bool _));
        return found;
    }

    /// <summary>Number of states in the store, counted by a scan.</summary>
    public long Count()
    {
        long count = 0;
        shard.ReadAll((key, _) => count += IsState(key) ? 1 : 0);
        return count;
    }

    /// <summary>A state from its bytes. Its texts are valid until the next call: copy them.</summary>
    public TState StateOf(ReadOnlySpan<byte> value, out long touchedMs, out bool isFiled)
    {
        isFiled = value[0] != 0;
        value = value[1..];
        touchedMs = StateReader.ReadInt64(ref value);
        value = Pinned<TState>(value);
        return _states.Read(ref value);
    }

    /// <summary>Writes a state into the store.</summary>
    public void Write(in TKey key, in TState state, long touchedMs, bool isFiled) =>
        shard.Write(KeyBytes(in key), ValueBytes(in state, touchedMs, isFiled));

    /// <summary>Adds the writing of a state to the changes for the store.</summary>
    public void Write(StoredChanges changes, in TKey key, in TState state, long touchedMs, bool isFiled) =>
        changes.Write(KeyBytes(in key), ValueBytes(in state, touchedMs, isFiled));

    /// <summary>Removes a state from the store.</summary>
    public void Delete(in TKey key) => shard.Delete(KeyBytes(in key));

    /// <summary>Adds the removal of a state to the changes for the store.</summary>
    public void Delete(StoredChanges changes, in TKey key) => changes.Delete(KeyBytes(in key));

    /// <summary>Reads all states of the store. Texts are valid until the next state: copy them.</summary>
    public void ReadAll(Action<TKey, ReadOnlyMemory<byte>> state)
    {
        byte[] copy = [];
        shard.ReadAll((key, value) =>
        {
            if (key[0] == StateKey)
            {
                if (copy.Length < value.Length)
                {
                    copy = new byte[Math.Max(value.Length, 2 * copy.Length)];
                }

                value.CopyTo(copy);
                state(KeyOf(key), copy.AsMemory(0, value.Length));
            }
        });
    }

    /// <summary>
    /// Calls <paramref name="visit"/> for each state of the store whose key is not left out. Texts are valid during the
    /// call.
    /// </summary>
    /// <param name="isLeftOut">Whether a key is left out.</param>
    /// <param name="visit">Receives key and state.</param>
    public void Visit(Func<TKey, bool> isLeftOut, Action<TKey, TState> visit)
    {
        // If both have texts, reading the state would overwrite the key's.
        TextArena? memory = RecordTexts<TKey>.Any && RecordTexts<TState>.Any ? new TextArena() : null;
        ReadAll((key, value) =>
        {
            if (isLeftOut(key))
            {
                return;
            }

            using var lease = new ArenaLease();
            if (memory is not null)
            {
                RecordTexts<TKey>.Copy(ref key, memory, lease);
            }

            visit(key, StateOf(value.Span, out _, out _));
        });
    }

    /// <summary>A key from its bytes in the store. Its texts are valid until the next call of this or of <see cref="StateOf"/>.</summary>
    public TKey KeyOf(ReadOnlySpan<byte> stored)
    {
        stored = Pinned<TKey>(stored[1..]);
        return _keys.Read(ref stored);
    }

    /// <summary>A key's bytes in the store; valid until the next call.</summary>
    public ReadOnlySpan<byte> KeyBytes(in TKey key)
    {
        _key.ResetWrittenCount();
        StateWriter.WriteByte(_key, StateKey);
        _keys.Write(in key, _key);
        return _key.WrittenSpan;
    }

    /// <summary>Whether a key of the store is that of a state.</summary>
    public static bool IsState(ReadOnlySpan<byte> stored) => stored[0] == StateKey;

    /// <summary>When the key of a state was last touched.</summary>
    public static long TouchedMsOf(ReadOnlySpan<byte> value) => System.Buffers.Binary.BinaryPrimitives.ReadInt64LittleEndian(value[1..]);

    /// <summary>Sets whether a timer for the key of a state is filed.</summary>
    public static void SetFiled(Span<byte> value, bool isFiled) => value[0] = isFiled ? (byte)1 : (byte)0;

    /// <summary>A state's bytes in the store; valid until the next call.</summary>
    public ReadOnlySpan<byte> ValueBytes(in TState state, long touchedMs, bool isFiled)
    {
        _value.ResetWrittenCount();
        StateWriter.WriteFlag(_value, isFiled);
        StateWriter.WriteInt64(_value, touchedMs);
        _states.Write(in state, _value);
        _valueBytes += _value.WrittenCount;
        _valuesWritten++;
        return _value.WrittenSpan;
    }

    // Texts point to their bytes, which must not move and need padding after them.
    private ReadOnlySpan<byte> Pinned<T>(ReadOnlySpan<byte> bytes)
    {
        if (!RecordTexts<T>.Any)
        {
            return bytes;
        }

        if (_pinned.Length < bytes.Length + Padding)
        {
            _pinned = GC.AllocateUninitializedArray<byte>(Math.Max(2 * bytes.Length, 1024) + Padding, pinned: true);
        }

        bytes.CopyTo(_pinned);
        return _pinned.AsSpan(0, bytes.Length);
    }
}
