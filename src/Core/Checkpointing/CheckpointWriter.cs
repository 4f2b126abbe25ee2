using System.Buffers;

namespace FastStream;

/// <summary>Writes the parts of a checkpoint's data, one after the other.</summary>
/// <remarks>Records come in a few bytes: they are gathered here, so that sums and the file are asked for seldom.</remarks>
internal sealed class CheckpointWriter(IBufferWriter<byte> file) : IBufferWriter<byte>
{
    private const int BufferBytes = 32 << 10;

    private readonly List<CheckpointPart> _parts = [];
    private byte[] _buffer = new byte[BufferBytes];
    private int _count;      // bytes in the buffer
    private long _written;   // bytes given to the file
    private uint _crc = Crc32C.Start;

    public long Length => _written + _count;

    /// <summary>CRC-32C of all that was written.</summary>
    public uint Sum => Crc32C.End(Crc32C.Add(_crc, _buffer.AsSpan(0, _count)));

    public IReadOnlyList<CheckpointPart> Parts => _parts;

    /// <summary>Writes one part.</summary>
    /// <exception cref="InvalidOperationException">It is longer than can be read at once.</exception>
    public void Write(string kind, string name, string schema, Action<IBufferWriter<byte>> write)
    {
        long offset = Length;
        write(this);
        long length = Length - offset;
        if (length > int.MaxValue)
        {
            throw new InvalidOperationException($"One partition's share of the {kind} {name} takes {length} bytes in a checkpoint; at most {int.MaxValue} are possible. Use more partitions, or keep less.");
        }

        _parts.Add(new CheckpointPart(kind, name, schema, offset, length));
    }

    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _buffer.Length - _count);
        _count += count;
    }

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        MakeRoom(sizeHint);
        return _buffer.AsMemory(_count);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        MakeRoom(sizeHint);
        return _buffer.AsSpan(_count);
    }

    /// <summary>Gives what is left to the file.</summary>
    public void Flush()
    {
        ReadOnlySpan<byte> bytes = _buffer.AsSpan(0, _count);
        _crc = Crc32C.Add(_crc, bytes);
        file.Write(bytes);
        _written += _count;
        _count = 0;
    }

    private void MakeRoom(int sizeHint)
    {
        int needed = Math.Max(sizeHint, 1);
        if (_buffer.Length - _count >= needed)
        {
            return;
        }

        Flush();
        if (_buffer.Length < needed)
        {
            _buffer = new byte[needed];
        }
    }
}
