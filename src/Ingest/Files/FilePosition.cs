using System.Buffers;

namespace FastStream;

/// <summary>The position of a file source, which checkpoints keep.</summary>
/// <param name="Selector">What was seen and taken.</param>
/// <param name="Waiting">Queued files, in order.</param>
/// <param name="Found">Files that the listing in progress has found.</param>
/// <param name="Begun">A file that is read in parts, and where the next part begins; null if there is none.</param>
/// <remarks><code>
/// | 2 | detection (1 byte) | made (8) | look from (8) | known files (4), each |
/// known file: | file | stable since (8) | seen (8) | taken (1) | unselected (1) | passed over (1) |
/// | waiting files (4), each | found files (4), each | 1 and the begun file and its next byte (8), or 0 |
/// file: | length of path (4) | path | 1 where it is known by path (1) | device (8) | inode (8) | size (8) | modified (8) | born (8) |
/// </code></remarks>
internal sealed record FilePosition(SelectorPosition Selector, IReadOnlyCollection<FileStatus> Waiting,
    IReadOnlyCollection<FileStatus> Found, BegunFile? Begun)
{
    private const byte Version = 2;

    public void Write(IBufferWriter<byte> output)
    {
        var writer = new StateWriter(output);
        writer.WriteByte(Version);
        writer.WriteByte((byte)Selector.Detection);
        writer.WriteInt64(Selector.CreatedMs);
        writer.WriteInt64(Selector.LookFromMs);
        writer.WriteInt32(Selector.Known.Count);
        foreach (KnownFile known in Selector.Known)
        {
            SavedFile.Write(writer, known.Status);
            writer.WriteInt64(known.StableSince.Milliseconds);
            writer.WriteInt64(known.SeenAt.Milliseconds);
            writer.WriteByte(known.IsTaken ? (byte)1 : (byte)0);
            writer.WriteByte(known.IsUnselected ? (byte)1 : (byte)0);
            writer.WriteByte(known.IsPassed ? (byte)1 : (byte)0);
        }

        Write(writer, Waiting);
        Write(writer, Found);
        writer.WriteByte(Begun is null ? (byte)0 : (byte)1);
        if (Begun is { } begun)
        {
            SavedFile.Write(writer, begun.File);
            writer.WriteInt64(begun.At);
        }
    }

    /// <summary>Reads a position, with the present numbers of devices.</summary>
    /// <exception cref="InvalidDataException">The data are damaged, or of another version.</exception>
    public static FilePosition Read(ReadOnlySpan<byte> saved, string input)
    {
        var reader = new StateReader(saved, Version, $"the position of {input}");
        var detection = (FileDetection)reader.ReadByte();
        long createdMs = reader.ReadInt64();
        long lookFromMs = reader.ReadInt64();
        var known = new KnownFile[reader.ReadCount(SavedFile.LeastBytes + (2 * sizeof(long)) + 3)];
        for (int i = 0; i < known.Length; i++)
        {
            known[i] = new KnownFile(SavedFile.Read(ref reader), new BatchTime(reader.ReadInt64()),
                new BatchTime(reader.ReadInt64()), reader.ReadBoolean(), reader.ReadBoolean(), reader.ReadBoolean());
        }

        FileStatus[] waiting = ReadFiles(ref reader);
        FileStatus[] found = ReadFiles(ref reader);
        BegunFile? begun = reader.ReadBoolean() ? new BegunFile(SavedFile.Read(ref reader), reader.ReadNatural()) : null;
        reader.End();

        // Learn the device numbers from all files before the first file is translated.
        var devices = new DeviceNumbers();
        Array.ForEach(known, file => devices.Learn(file.Status));
        Array.ForEach(waiting, file => devices.Learn(file));
        if (begun is { } last)
        {
            devices.Learn(last.File);
        }

        return new FilePosition(
            new SelectorPosition(detection, createdMs, lookFromMs,
                Array.ConvertAll(known, file => file with { Status = devices.Current(file.Status) })),
            Array.ConvertAll(waiting, file => devices.Current(file)),
            Array.ConvertAll(found, file => devices.Current(file)),
            begun is { } file ? file with { File = devices.Current(file.File) } : null);
    }

    private static void Write(StateWriter writer, IReadOnlyCollection<FileStatus> files)
    {
        writer.WriteInt32(files.Count);
        foreach (FileStatus file in files)
        {
            SavedFile.Write(writer, file);
        }
    }

    private static FileStatus[] ReadFiles(ref StateReader reader)
    {
        var files = new FileStatus[reader.ReadCount(SavedFile.LeastBytes)];
        for (int i = 0; i < files.Length; i++)
        {
            files[i] = SavedFile.Read(ref reader);
        }

        return files;
    }
}

/// <summary>A file that batches have read a part of.</summary>
/// <param name="File">As it was listed.</param>
/// <param name="At">Offset of its first byte that is in no batch.</param>
internal readonly record struct BegunFile(FileStatus File, long At);
