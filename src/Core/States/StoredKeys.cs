using System.Buffers;

namespace FastStream.Runtime;

/// <summary>Keys, as bytes, that a <see cref="KeyedStore"/> looks up together.</summary>
/// <remarks>Belongs to the one partition that looks them up; not thread safe.</remarks>
public sealed class StoredKeys
{
    private readonly ArrayBufferWriter<byte> _bytes = new();
    private readonly List<int> _ends = [];

    /// <summary>Number of keys.</summary>
    public int Count => _ends.Count;

    /// <summary>The writer for the next key's bytes; <see cref="EndKey"/> ends the key.</summary>
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

    /// <summary>Makes a key of the bytes written since the last key.</summary>
    public void EndKey() => _ends.Add(_bytes.WrittenCount);

    /// <summary>Adds one key.</summary>
    public void Add(ReadOnlySpan<byte> key)
    {
        _bytes.Write(key);
        EndKey();
    }

    /// <summary>Removes all keys.</summary>
    public void Clear()
    {
        _bytes.ResetWrittenCount();
        _ends.Clear();
    }
}
