using System.Buffers;

namespace FastStream.Runtime;

/// <summary>Keys, as bytes, that a <see cref="KeyedStore"/> is asked for together.</summary>
/// <remarks>Belongs to the one partition that asks; not thread safe.</remarks>
public sealed class StoredKeys
{
    private readonly ArrayBufferWriter<byte> _bytes = new();
    private readonly List<int> _ends = [];

    /// <summary>Number of keys.</summary>
    public int Count => _ends.Count;

    /// <summary>Where the next key's bytes are written to; <see cref="EndKey"/> follows.</summary>
    public IBufferWriter<byte> Writer => _bytes;

    /// <summary>One key's bytes; valid until <see cref="Clear"/>.</summary>
    /// <param name="index">0 to <see cref="Count"/> - 1, in the order they were added.</param>
    public ReadOnlySpan<byte> this[int index]
    {
        get
        {
            int begin = index == 0 ? 0 : _ends[index - 1];
            return _bytes.WrittenSpan[begin.._ends[index]];
        }
    }

    /// <summary>What was written since the last key is one.</summary>
    public void EndKey() => _ends.Add(_bytes.WrittenCount);

    /// <summary>Adds one key.</summary>
    public void Add(ReadOnlySpan<byte> key)
    {
        _bytes.Write(key);
        EndKey();
    }

    /// <summary>Forgets all keys.</summary>
    public void Clear()
    {
        _bytes.ResetWrittenCount();
        _ends.Clear();
    }
}
