using System.Buffers;

namespace FastStream;

/// <summary>
/// The entries of its input's journal that make up a batch: an intent record has this range instead of the records.
/// </summary>
/// <remarks>
/// <code>| -1 (4 bytes) | 1 | first entry (8) | entry after the last (8) |</code>
/// No batch logged as records begins with -1.
/// </remarks>
/// <param name="From">Number of the first entry.</param>
/// <param name="To">Number of the entry after the last; equal to <paramref name="From"/> if the batch is empty.</param>
internal readonly record struct JournalRange(long From, long To)
{
    private const int Mark = -1;
    private const byte Version = 1;

    public void Write(IBufferWriter<byte> output)
    {
        StateWriter.WriteInt32(output, Mark);
        StateWriter.WriteByte(output, Version);
        StateWriter.WriteInt64(output, From);
        StateWriter.WriteInt64(output, To);
    }

    /// <summary>Reads a range and advances past it; false if the batch was logged as records.</summary>
    /// <exception cref="InvalidDataException">The range is damaged, or has another version.</exception>
    public static bool TryRead(ref ReadOnlySpan<byte> saved, out JournalRange range)
    {
        range = default;
        ReadOnlySpan<byte> rest = saved;
        if (rest.Length < sizeof(int) || StateReader.ReadInt32(ref rest) != Mark)
        {
            return false;
        }

        if (rest.IsEmpty || rest[0] != Version)
        {
            throw new InvalidDataException($"A batch of received data was written in version {(rest.IsEmpty ? -1 : rest[0])}; "
                + $"this program reads version {Version}. Start the program that wrote it.");
        }

        rest = rest[1..];
        range = new JournalRange(StateReader.ReadInt64(ref rest), StateReader.ReadInt64(ref rest));
        saved = rest;
        return range.From >= 0 && range.From <= range.To ? true : throw new InvalidDataException($"A batch has the "
            + $"entries {range.From} to {range.To} of a journal; a first one and one not before it are expected.");
    }
}
