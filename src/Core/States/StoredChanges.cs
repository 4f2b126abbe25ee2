using System.Buffers;
using System.Buffers.Binary;

namespace FastStream;

/// <summary>
/// Changes for a store, copied between two batches, so that another thread can apply them while the next batches run.
/// </summary>
/// <remarks>
/// <code>| 1 written, 0 removed (1) | bytes of the key (4) | of the value (4) | key | value | …</code> in pooled
/// pieces. Filled by one thread, then read by another; not thread safe.
/// </remarks>
internal sealed class StoredChanges
{
    private const int PieceBytes = 256 * 1024;
    private const int HeadBytes = 9;

    private readonly List<(byte[] Piece, int Used)> _pieces = [];

    /// <summary>Bytes that the changes take.</summary>
    public long Bytes { get; private set; }

    /// <summary>Adds the writing of a key's value.</summary>
    public void Write(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => Add(1, key, value);

    /// <summary>Adds the removal of a key.</summary>
    public void Delete(ReadOnlySpan<byte> key) => Add(0, key, []);

    /// <summary>Applies all changes to a store, in order, and returns the memory.</summary>
    public void ApplyTo(KeyedStore store)
    {
        foreach ((byte[] piece, int used) in _pieces)
        {
            for (ReadOnlySpan<byte> left = piece.AsSpan(0, used); !left.IsEmpty;)
            {
                int keyBytes = BinaryPrimitives.ReadInt32LittleEndian(left[1..]);
                int valueBytes = BinaryPrimitives.ReadInt32LittleEndian(left[5..]);
                ReadOnlySpan<byte> key = left.Slice(HeadBytes, keyBytes);
                if (left[0] == 1)
                {
                    store.Write(key, left.Slice(HeadBytes + keyBytes, valueBytes));
                }
                else
                {
                    store.Delete(key);
                }

                left = left[(HeadBytes + keyBytes + valueBytes)..];
            }
        }

        Clear();
    }

    /// <summary>Drops all changes.</summary>
    public void Clear()
    {
        foreach ((byte[] piece, _) in _pieces)
        {
            ArrayPool<byte>.Shared.Return(piece);
        }

        _pieces.Clear();
        Bytes = 0;
    }

    private void Add(byte kind, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        int bytes = checked(HeadBytes + key.Length + value.Length);
        if (_pieces.Count == 0 || _pieces[^1].Piece.Length - _pieces[^1].Used < bytes)
        {
            _pieces.Add((ArrayPool<byte>.Shared.Rent(Math.Max(PieceBytes, bytes)), 0));
        }

        (byte[] piece, int used) = _pieces[^1];
        Span<byte> room = piece.AsSpan(used, bytes);
        room[0] = kind;
        BinaryPrimitives.WriteInt32LittleEndian(room[1..], key.Length);
        BinaryPrimitives.WriteInt32LittleEndian(room[5..], value.Length);
        key.CopyTo(room[HeadBytes..]);
        value.CopyTo(room[(HeadBytes + key.Length)..]);
        _pieces[^1] = (piece, used + bytes);
        Bytes += bytes;
    }
}
