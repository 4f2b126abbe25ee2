using System.Buffers;

namespace FastStream;

/// <summary>An unfinished record that had to leave its block: bytes that are added to, in a pooled array. Not thread safe.</summary>
internal sealed class CarryBuffer : IDisposable
{
    private byte[] _bytes = [];

    public int Count { get; private set; }

    public ReadOnlySpan<byte> Span => _bytes.AsSpan(0, Count);

    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (_bytes.Length < Count + bytes.Length)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(Count + bytes.Length, _bytes.Length * 2));
            Span.CopyTo(larger);
            Return();
            _bytes = larger;
        }

        bytes.CopyTo(_bytes.AsSpan(Count));
        Count += bytes.Length;
    }

    /// <summary>Bytes of memory held; 0 between records.</summary>
    public int Capacity => _bytes.Length;

    /// <summary>Empties the buffer; gives what it held, valid until the next change.</summary>
    public ReadOnlyMemory<byte> Take()
    {
        ReadOnlyMemory<byte> bytes = _bytes.AsMemory(0, Count);
        Count = 0;
        return bytes;
    }

    /// <summary>Gives the memory back: a connection that once sent a long record and is quiet now must not keep room for it.</summary>
    public void Clear()
    {
        Return();
        Count = 0;
    }

    public void Dispose() => Clear();

    private void Return()
    {
        if (_bytes.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = [];
        }
    }
}
