using System.Buffers;

namespace FastStream;

/// <summary>The position of an input's journal in a checkpoint.</summary>
/// <remarks><code>| 1 | entry (8 bytes) | written (8) | file (4) | first (8) |</code></remarks>
/// <param name="Entry">The first entry that no batch up to the checkpoint has.</param>
/// <param name="Written">Entries before this one were on disk then: a journal with fewer is damaged.</param>
/// <param name="File">The first file that may contain the entry.</param>
/// <param name="First">
/// The first entry of this file: all entries from there up to <paramref name="Entry"/> must exist.
/// </param>
internal readonly record struct JournalPosition(long Entry, long Written, int File, long First)
{
    private const byte Version = 1;
    private const int Bytes = 1 + sizeof(long) + sizeof(long) + sizeof(int) + sizeof(long);

    public void Write(IBufferWriter<byte> output)
    {
        StateWriter.WriteByte(output, Version);
        StateWriter.WriteInt64(output, Entry);
        StateWriter.WriteInt64(output, Written);
        StateWriter.WriteInt32(output, File);
        StateWriter.WriteInt64(output, First);
    }

    /// <exception cref="InvalidDataException">The position has another version, or is damaged.</exception>
    public static JournalPosition Read(ReadOnlySpan<byte> saved, string input)
    {
        if (saved.Length != Bytes || saved[0] != Version)
        {
            throw new InvalidDataException($"The position of the journal of {input} has {saved.Length} bytes and "
                + $"version {(saved.IsEmpty ? -1 : saved[0])}; {Bytes} bytes of version {Version} are expected. Start the "
                + "program that wrote it.");
        }

        ReadOnlySpan<byte> rest = saved[1..];
        var position = new JournalPosition(StateReader.ReadInt64(ref rest), StateReader.ReadInt64(ref rest),
            StateReader.ReadInt32(ref rest), StateReader.ReadInt64(ref rest));
        return position is { First: >= 0, File: >= 1 } && position.Entry >= position.First && position.Written >= position.Entry
            ? position
            : throw new InvalidDataException($"The journal of {input} is said to go on at entry {position.Entry} "
                + $"of {position.Written} in file {position.File}, which begins with entry {position.First}; that cannot be. "
                + "Bring back an undamaged copy of the checkpoint directory.");
    }
}
