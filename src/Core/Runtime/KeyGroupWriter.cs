using System.Buffers;

namespace FastStream.Runtime;

/// <summary>Where a <see cref="StatefulOperator{TIn, TOut}"/> writes what it keeps: one buffer for each key group, or one for
/// the whole partition.</summary>
/// <remarks>Valid during the call of <see cref="StatefulOperator{TIn, TOut}.Save"/>. What is written is held in memory until
/// the partition is complete; a partition has at most 2 GB.</remarks>
public sealed class KeyGroupWriter
{
    private readonly string _stream;
    private readonly KeySalt _salt;
    private readonly KeyGroups? _owned;                  // the partition's groups; null where it keeps nothing by key
    private readonly ArrayBufferWriter<byte>?[] _groups; // by group less the first; one for all where nothing is kept by key

    internal KeyGroupWriter(string stream, KeySalt salt, KeyGroups? owned)
    {
        _stream = stream;
        _salt = salt;
        _owned = owned;
        _groups = new ArrayBufferWriter<byte>?[owned?.Length ?? 1];
    }

    /// <summary>The buffer of a key's group, for an operator that keeps something by key.</summary>
    /// <exception cref="InvalidOperationException">The operator is not keyed, or another partition owns the key: its records
    /// are partitioned by another key.</exception>
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

    /// <summary>The buffer of the whole partition, for an operator that keeps nothing by key.</summary>
    /// <exception cref="InvalidOperationException">The operator is keyed.</exception>
    public IBufferWriter<byte> Partition => _owned is null
        ? _groups[0] ??= new ArrayBufferWriter<byte>()
        : throw new InvalidOperationException(
            $"{_stream} keeps what it has by key, and asked for a place for the whole partition. Write to GroupOf a "
            + "key, or override IsKeyed.");

    /// <summary>What was written, and for which group; without groups in which nothing was.</summary>
    internal IEnumerable<(int Group, ReadOnlyMemory<byte> Bytes)> Written =>
        from each in _groups.Index()
        where each.Item is { WrittenCount: > 0 }
        select ((_owned?.First ?? 0) + each.Index, each.Item.WrittenMemory);
}
