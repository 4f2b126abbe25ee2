using System.Buffers.Binary;
using System.Text;

namespace FastStream.Serialization;

/// <summary>
/// Reads what <see cref="StateWriter"/> wrote. It compares every length with the remaining bytes before it uses the
/// length: damaged input leads to an error message, never to a huge allocation.
/// </summary>
/// <remarks>
/// It reads forwards, once, and copies nothing but strings. Every member that reads throws
/// <see cref="InvalidDataException"/> if the bytes are not as expected; the message names the data.
/// </remarks>
/// <example><code>
/// var reader = new StateReader(saved, version: 1, "the position of the orders");
/// string file = reader.ReadString();
/// long offset = reader.ReadNatural();
/// reader.End();
/// </code></example>
public ref struct StateReader
{
    private readonly string _what;          // for messages
    private ReadOnlySpan<byte> _rest;

    /// <summary>Begins with the first byte: for data without a version.</summary>
    /// <param name="saved">The bytes.</param>
    /// <param name="what">What the bytes are, for messages, such as "the position of Orders [0]".</param>
    public StateReader(ReadOnlySpan<byte> saved, string what)
    {
        ArgumentNullException.ThrowIfNull(what);
        _what = what;
        _rest = saved;
    }

    /// <summary>Checks the version, which is the first byte, and begins after it.</summary>
    /// <param name="saved">The bytes.</param>
    /// <param name="version">The expected version.</param>
    /// <param name="what">What the bytes are, for messages, such as "the position of Orders [0]".</param>
    /// <exception cref="InvalidDataException">The bytes have another version.</exception>
    public StateReader(ReadOnlySpan<byte> saved, byte version, string what)
        : this(saved, what)
    {
        if (saved.IsEmpty || saved[0] != version)
        {
            string found = saved.IsEmpty ? "is empty" : $"is of version {saved[0]}";
            throw new InvalidDataException($"The saved form of {what} {found}; this program reads version {version}. "
                + "Start the program that wrote it, or give the input another name by Named to begin it anew.");
        }

        _rest = saved[1..];
    }

    /// <summary>The bytes not read yet.</summary>
    public readonly ReadOnlySpan<byte> Rest => _rest;

    /// <summary>Reads a byte.</summary>
    public byte ReadByte() => Take(1)[0];

    /// <summary>Reads what <see cref="StateWriter.WriteBoolean"/> wrote; bytes other than 0 and 1 are damage.</summary>
    public bool ReadBoolean() => ReadByte() switch
    {
        0 => false,
        1 => true,
        byte other => throw Damaged($"{other} is neither yes nor no"),
    };

    /// <summary>Reads a number of 4 bytes.</summary>
    public int ReadInt32() => BinaryPrimitives.ReadInt32LittleEndian(Take(sizeof(int)));

    /// <summary>Reads a number of 8 bytes.</summary>
    public long ReadInt64() => BinaryPrimitives.ReadInt64LittleEndian(Take(sizeof(long)));

    /// <summary>Reads a number of 8 bytes that is 0 or more, such as an offset.</summary>
    public long ReadNatural()
    {
        long value = ReadInt64();
        return value >= 0 ? value : throw Damaged($"a number is {value}, and 0 or more is expected");
    }

    /// <summary>Reads what <see cref="StateWriter.WriteVarInt64"/> wrote.</summary>
    public long ReadVarInt64()
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            byte next = ReadByte();
            if (shift == 63 && next > 1)
            {
                break;
            }

            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return (long)(value >> 1) ^ -(long)(value & 1);
            }
        }

        throw Damaged("a number of variable length has more than 64 bits");
    }

    /// <summary>Reads a floating-point number of 8 bytes.</summary>
    public double ReadDouble() => BitConverter.Int64BitsToDouble(ReadInt64());

    /// <summary>Reads a batch time.</summary>
    public BatchTime ReadTime() => new(ReadInt64());

    /// <summary>Reads a number of items (4 bytes), and checks that the remaining bytes can contain that many.</summary>
    /// <param name="leastBytes">The least number of bytes of each item: 1 or more.</param>
    public int ReadCount(int leastBytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(leastBytes, 1);
        int count = ReadInt32();
        return count >= 0 && (long)count * leastBytes <= _rest.Length
            ? count
            : throw Damaged($"a count is {count}, and {_rest.Length} bytes are left");
    }

    /// <summary>Reads bytes with a length prefix; not copied.</summary>
    public ReadOnlySpan<byte> ReadBytes() => Take(ReadCount(1));

    /// <summary>Reads a string.</summary>
    public string ReadString() => Encoding.UTF8.GetString(ReadBytes());

    /// <summary>Checks that no bytes are left.</summary>
    public readonly void End()
    {
        if (!_rest.IsEmpty)
        {
            throw Damaged($"{_rest.Length} bytes are left at its end");
        }
    }

    /// <summary>Creates the exception for an impossible value, for the caller to throw.</summary>
    /// <param name="why">What is wrong, as a part of a sentence, such as "the offset -3 is before the first".</param>
    public readonly InvalidDataException Damaged(string why) =>
        new($"The saved form of {_what} cannot be read: {why}. Bring back an undamaged copy of the checkpoint directory.");

    /// <summary>Reads a number from the start of the bytes, and advances them past it.</summary>
    /// <exception cref="InvalidDataException">There are too few bytes.</exception>
    internal static int ReadInt32(ref ReadOnlySpan<byte> bytes)
    {
        ThrowIfShorter(bytes, sizeof(int));
        int value = BinaryPrimitives.ReadInt32LittleEndian(bytes);
        bytes = bytes[sizeof(int)..];
        return value;
    }

    /// <inheritdoc cref="ReadInt32(ref ReadOnlySpan{byte})"/>
    internal static long ReadInt64(ref ReadOnlySpan<byte> bytes)
    {
        ThrowIfShorter(bytes, sizeof(long));
        long value = BinaryPrimitives.ReadInt64LittleEndian(bytes);
        bytes = bytes[sizeof(long)..];
        return value;
    }

    /// <summary>Reads a length: -1 for none, or at most the number of remaining bytes.</summary>
    /// <exception cref="InvalidDataException">The length is neither.</exception>
    internal static int ReadLengthOrNone(ref ReadOnlySpan<byte> bytes)
    {
        int length = bytes.Length < sizeof(int) ? int.MinValue : BinaryPrimitives.ReadInt32LittleEndian(bytes);
        if (length < -1 || length > bytes.Length - sizeof(int))
        {
            throw new InvalidDataException($"A length is {length}, and {bytes.Length} bytes are left.");
        }

        bytes = bytes[sizeof(int)..];
        return length;
    }

    /// <summary>Reads a length that must not be none: from 0 up to the number of remaining bytes.</summary>
    /// <exception cref="InvalidDataException">The length is out of that range.</exception>
    internal static int ReadLength(ref ReadOnlySpan<byte> bytes)
    {
        int length = ReadLengthOrNone(ref bytes);
        return length >= 0 ? length : throw new InvalidDataException("Nothing stands where something is expected.");
    }

    private static void ThrowIfShorter(ReadOnlySpan<byte> bytes, int needed)
    {
        if (bytes.Length < needed)
        {
            throw new InvalidDataException($"A number of {needed} bytes is expected, and {bytes.Length} bytes are left.");
        }
    }

    private ReadOnlySpan<byte> Take(int length)
    {
        if (_rest.Length < length)
        {
            throw Damaged($"{length} bytes are expected, and {_rest.Length} are left");
        }

        ReadOnlySpan<byte> taken = _rest[..length];
        _rest = _rest[length..];
        return taken;
    }
}
