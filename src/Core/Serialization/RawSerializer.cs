using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace FastStream.Serialization;

/// <summary>
/// Serializes structs without references: the bytes of their fields in order, followed by the texts. It writes no other
/// bytes of the memory, so that records with equal fields give equal bytes.
/// </summary>
/// <remarks>
/// <code>| fields, in the order of their declaration | for each text: length (4 bytes), bytes | a DateTimeOffset: UTC
/// ticks (8), minutes of offset (2)</code>
/// </remarks>
internal sealed class RawSerializer<T> : IRecordSerializer<T>
{
    private const int TimeWithOffsetBytes = 10;

    private readonly RecordPiece[] _pieces;
    private readonly int _length;   // of all fields but texts, as written
    private readonly bool _isWhole; // whether the fields are exactly the record's memory

    public RawSerializer()
    {
        RecordLayout layout = RecordLayout.Of<T>();
        Schema = $"raw {layout.Schema}{EnumNames.OfFields(typeof(T))}";
        _pieces = layout.Pieces;
        _length = _pieces.Sum(piece => piece.IsTimeWithOffset ? TimeWithOffsetBytes : piece.Length);
        _isWhole = !RecordTexts<T>.Any && _pieces is [{ Offset: 0, IsTimeWithOffset: false }] && _length == Unsafe.SizeOf<T>();
    }

    public string Schema { get; }

    public void Write(in T record, IBufferWriter<byte> output)
    {
        if (_isWhole)
        {
            Unsafe.WriteUnaligned(ref output.GetSpan(_length)[0], record);
            output.Advance(_length);
            return;
        }

        ref T place = ref Unsafe.AsRef(in record);
        Span<byte> target = output.GetSpan(_length);
        ReadOnlySpan<byte> bytes = BytesOf(ref place);
        foreach (RecordPiece piece in _pieces)
        {
            ReadOnlySpan<byte> source = bytes.Slice(piece.Offset, piece.Length);
            if (piece.IsTimeWithOffset)
            {
                Write(MemoryMarshal.Read<DateTimeOffset>(source), target);
                target = target[TimeWithOffsetBytes..];
            }
            else
            {
                source.CopyTo(target);
                target = target[source.Length..];
            }
        }

        output.Advance(_length);
        foreach (int offset in RecordTexts<T>.Places)
        {
            ReadOnlySpan<byte> text = RecordTexts<T>.TextIn(ref place, offset).Span;
            StateWriter.WriteInt32(output, text.Length);
            output.Write(text);
        }
    }

    /// <summary>
    /// Reads a record. Its long texts point into the given bytes, which must be pinned and stay until the texts have
    /// been copied.
    /// </summary>
    public T Read(ref ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < _length)
        {
            throw new InvalidDataException(
                $"A {typeof(T)} needs more bytes than there are: {_length} are expected, {bytes.Length} are left.");
        }

        if (_isWhole)
        {
            T whole = Unsafe.ReadUnaligned<T>(ref MemoryMarshal.GetReference(bytes));
            bytes = bytes[_length..];
            return whole;
        }

        T record = default!;
        Span<byte> target = BytesOf(ref record);
        ReadOnlySpan<byte> source = bytes;
        foreach (RecordPiece piece in _pieces)
        {
            Span<byte> field = target.Slice(piece.Offset, piece.Length);
            if (piece.IsTimeWithOffset)
            {
                MemoryMarshal.Write(field, ReadTime(source));
                source = source[TimeWithOffsetBytes..];
            }
            else
            {
                source[..field.Length].CopyTo(field);
                source = source[field.Length..];
            }
        }

        foreach (int offset in RecordTexts<T>.Places)
        {
            int length = StateReader.ReadLength(ref source);
            RecordTexts<T>.TextIn(ref record, offset) = Utf8Text.OverPinned(source[..length]);
            source = source[length..];
        }

        bytes = source;
        return record;
    }

    private static void Write(DateTimeOffset time, Span<byte> target)
    {
        BinaryPrimitives.WriteInt64LittleEndian(target, time.UtcTicks);
        BinaryPrimitives.WriteInt16LittleEndian(target[sizeof(long)..], (short)time.TotalOffsetMinutes);
    }

    private static DateTimeOffset ReadTime(ReadOnlySpan<byte> source)
    {
        long ticks = BinaryPrimitives.ReadInt64LittleEndian(source);
        int minutes = BinaryPrimitives.ReadInt16LittleEndian(source[sizeof(long)..]);
        try
        {
            return new DateTimeOffset(ticks, TimeSpan.Zero).ToOffset(TimeSpan.FromMinutes(minutes));
        }
        catch (ArgumentException error)
        {
            throw new InvalidDataException($"A time of {ticks} ticks and an offset of {minutes} minutes is none.", error);
        }
    }

    // As unmanaged memory: T contains no references, which its constraint cannot express.
    private static Span<byte> BytesOf(ref T record) => MemoryMarshal.CreateSpan(ref Unsafe.As<T, byte>(ref record), Unsafe.SizeOf<T>());
}
