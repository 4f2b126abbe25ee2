using System.Buffers;

namespace FastStream.Runtime;

/// <summary>
/// Takes the state that a <see cref="StatefulOperator{TIn, TOut}"/> saves: into one buffer for each key group, or one
/// for the whole partition.
/// </summary>
/// <remarks>
/// Valid during the call of <see cref="StatefulOperator{TIn, TOut}.Save"/>. The writer holds the bytes in memory until
/// the partition is complete; at most 2 GB for each partition.
/// </remarks>
public sealed class KeyGroupWriter
{
    private readonly string _stream;
    private readonly KeySalt _salt;
    private readonly KeyGroups? _owned;                  // the partition's groups; null for state without keys
    private readonly ArrayBufferWriter<byte>?[] _groups; // by group minus the first; a single one for state without keys

    internal KeyGroupWriter(string stream, KeySalt salt, KeyGroups? owned)
    {
        _stream = stream;
        _salt = salt;
        _owned = owned;
        _groups = new ArrayBufferWriter<byte>?[owned?.Length ?? 1];
    }

    /// <summary>The buffer of a key's group, for an operator with keyed state.</summary>
    /// <exception cref="InvalidOperationException">
    /// The operator is not keyed, or another partition owns the key because the records are partitioned by another key.
    /// </exception>
    public IBufferWriter<byte> GroupOf<TKey>(in TKey key)
    {
        if (_owned is not { } owned)
        {
            throw new InvalidOperationException(
                $"{_stream} says that it keeps nothing by key (IsKeyed is false), and asked for a key's group. "
                + "Write to Partition, or leave IsKeyed true.");
        }

        int index = _salt.GroupOf(in key) - owned.First;
        return (uint)index < (uint)owned.Length
            ? _groups[index] ??= new ArrayBufferWriter<byte>()
            : throw new InvalidOperationException(
                $"{_stream} saved a key of {typeof(TKey)} that another partition owns: its records are partitioned "
                    + "by another key. Exchange them by this key before, by PartitionBy.");
    }

    /// <summary>The buffer of the whole partition, for an operator without keyed state.</summary>
    /// <exception cref="InvalidOperationException">The operator is keyed.</exception>
    public IBufferWriter<byte> Partition => _owned is null
        ? _groups[0] ??= new ArrayBufferWriter<byte>()
        : throw new InvalidOperationException(
            $"{_stream} keeps what it has by key, and asked for a place for the whole partition. Write to GroupOf a "
            + "key, or override IsKeyed.");

    /// <summary>The bytes written, with their groups; groups without bytes are left out.</summary>
    internal IEnumerable<(int Group, ReadOnlyMemory<byte> Bytes)> Written =>
        from each in _groups.Index()
        where each.Item is { WrittenCount: > 0 }
        select ((_owned?.First ?? 0) + each.Index, each.Item.WrittenMemory);
}
