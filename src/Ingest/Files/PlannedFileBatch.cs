using System.Buffers;

namespace FastStream;

/// <summary>A part of a file, as the intent record of a batch names it.</summary>
/// <param name="File">The file as it was listed.</param>
/// <param name="Start">First byte.</param>
/// <param name="End">Behind the last byte.</param>
internal readonly record struct PlannedRange(FileStatus File, long Start, long End)
{
    private const byte Version = 1;

    /// <summary>
    /// Writes the ranges of a batch: <code>| 1 | ranges (4 bytes) | each: file, start (8), end (8) |</code>
    /// </summary>
    public static void Write(IReadOnlyList<FileRange> ranges, IBufferWriter<byte> output)
    {
        var writer = new StateWriter(output);
        writer.WriteByte(Version);
        writer.WriteInt32(ranges.Count);
        foreach (FileRange range in ranges)
        {
            SavedFile.Write(writer, range.File.Listed);
            writer.WriteInt64(range.Start);
            writer.WriteInt64(range.End);
        }
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <exception cref="InvalidDataException">The data are damaged, or of another version.</exception>
    public static PlannedRange[] Read(ReadOnlySpan<byte> saved, string batch)
    {
        var reader = new StateReader(saved, Version, batch);
        var ranges = new PlannedRange[reader.ReadCount(SavedFile.LeastBytes + (2 * sizeof(long)))];
        for (int i = 0; i < ranges.Length; i++)
        {
            var range = new PlannedRange(SavedFile.Read(ref reader), reader.ReadNatural(), reader.ReadNatural());
            ranges[i] = range.Start <= range.End && range.End <= range.File.Size
                ? range
                : throw reader.Damaged(
                    $"bytes {range.Start} to {range.End} of {range.File.Path} are announced, which has {range.File.Size}");
        }

        reader.End();
        return ranges;
    }
}

/// <summary>Batches of an earlier run, made of the same parts of the same files.</summary>
internal static class PlannedFileBatch
{
    /// <summary>
    /// Makes the batch. Its files are opened only when they are read, because many batches may wait for their turn.
    /// </summary>
    public static FileBatch<T> Of<T>(IReadOnlyList<PlannedRange> ranges, bool mayGrow, FileReadMode mode,
        IRecordDecoder<T> decoder, FileSource source, int partitions)
    {
        FileRange[] files = [
            .. ranges.Select(range => new FileRange(OpenFile.WhenRead(range.File, mode, mayGrow, source.Handles), range.Start, range.End))];
        return new FileBatch<T>(files, decoder, source, partitions, ranges.Count == 0
            ? null : string.Join('\n', ranges.Select(range => range.File.Path)));
    }

    /// <summary>Checks that all files are unchanged.</summary>
    /// <exception cref="InvalidDataException">A file is gone or has changed.</exception>
    public static void Check(IReadOnlyList<PlannedRange> ranges, bool mayGrow)
    {
        foreach (PlannedRange range in ranges)
        {
            SavedFile.Check(range.File, mayGrow,
                $"has bytes {range.Start} to {range.End} of a batch that was planned before the program stopped");
        }
    }
}
