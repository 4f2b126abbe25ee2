using System.Buffers.Binary;
using System.Text;

namespace FastStream;

/// <summary>Reads what <see cref="SavedWriter"/> wrote. Every length is compared with what is left before anything is made of it.</summary>
internal ref struct SavedReader
{
    private readonly string _what;          // for messages
    private ReadOnlySpan<byte> _rest;

    /// <summary>Begins behind the version.</summary>
    /// <param name="saved">The bytes.</param>
    /// <param name="version">The version that is read.</param>
    /// <param name="what">What the bytes are, for messages, such as "the position of File [0]".</param>
    /// <exception cref="InvalidDataException">They are of another version.</exception>
    public SavedReader(ReadOnlySpan<byte> saved, byte version, string what)
    {
        _what = what;
        if (saved.IsEmpty || saved[0] != version)
        {
            string found = saved.IsEmpty ? "is empty" : $"is of version {saved[0]}";
            throw new InvalidDataException(
                $"What was written down of {what} {found}; this program reads version {version}. Start the program "
                + "that wrote it, or give the input another name by Named to begin it anew.");
        }

        _rest = saved[1..];
    }

    public byte Byte() => Take(1)[0];

    public bool Flag() => Byte() switch
    {
        0 => false,
        1 => true,
        byte other => throw Damaged($"{other} is neither yes nor no"),
    };

    public long Int64() => BinaryPrimitives.ReadInt64LittleEndian(Take(sizeof(long)));

    /// <summary>A number of 0 or more.</summary>
    public long Natural()
    {
        long value = Int64();
        return value >= 0 ? value : throw Damaged($"a number is {value}, and 0 or more is expected");
    }

    /// <summary>How many things follow.</summary>
    /// <param name="leastBytes">What each of them takes at least.</param>
    public int Count(int leastBytes)
    {
        int count = BinaryPrimitives.ReadInt32LittleEndian(Take(sizeof(int)));
        return count >= 0 && (long)count * leastBytes <= _rest.Length
            ? count : throw Damaged($"{count} things are announced, and {_rest.Length} bytes are left");
    }

    public ReadOnlySpan<byte> Bytes() => Take(Count(1));

    public string Text() => Encoding.UTF8.GetString(Bytes());

    /// <summary>Nothing may be left.</summary>
    public readonly void End()
    {
        if (!_rest.IsEmpty)
        {
            throw Damaged($"{_rest.Length} bytes are left at its end");
        }
    }

    public readonly InvalidDataException Damaged(string why) =>
        new($"What was written down of {_what} cannot be read: {why}. Bring back an undamaged copy of the checkpoint directory.");

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
