using System.Buffers;

namespace FastStream;

/// <summary>A part of a file, as the plan of a batch names it.</summary>
/// <param name="File">As it was listed.</param>
/// <param name="Start">First byte.</param>
/// <param name="End">Behind the last byte.</param>
internal readonly record struct PlannedRange(FileStatus File, long Start, long End)
{
    private const byte Version = 1;

    /// <summary>Writes what a batch is made of: <code>| 1 | ranges (4 bytes) | each: file, start (8), end (8) |</code></summary>
    public static void Write(IReadOnlyList<FileRange> ranges, IBufferWriter<byte> output)
    {
        var writer = new SavedWriter(output);
        writer.Byte(Version);
        writer.Int32(ranges.Count);
        foreach (FileRange range in ranges)
        {
            SavedFile.Write(writer, range.File.Listed);
            writer.Int64(range.Start);
            writer.Int64(range.End);
        }
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <exception cref="InvalidDataException">It is damaged, or of another version.</exception>
    public static PlannedRange[] Read(ReadOnlySpan<byte> saved, string batch)
    {
        var reader = new SavedReader(saved, Version, batch);
        var ranges = new PlannedRange[reader.Count(SavedFile.LeastBytes + (2 * sizeof(long)))];
        for (int i = 0; i < ranges.Length; i++)
        {
            var range = new PlannedRange(SavedFile.Read(ref reader), reader.Natural(), reader.Natural());
            ranges[i] = range.Start <= range.End && range.End <= range.File.Size
                ? range
                : throw reader.Damaged($"bytes {range.Start} to {range.End} of {range.File.Path} are announced, which has {range.File.Size}");
        }

        reader.End();
        return ranges;
    }
}

/// <summary>A batch of an earlier run, made of the same parts of the same files. They are opened when it runs, as many batches may wait for their turn.</summary>
internal sealed class PlannedFileBatch<T>(IReadOnlyList<PlannedRange> ranges, bool mayGrow, FileReadMode mode, IRecordDecoder<T> decoder, FileSource source, int partitions) : InputBatch<T>
{
    private readonly Lock _lock = new();     // guards _opened: the first partition that runs opens
    private readonly long _totalBytes = ranges.Sum(range => range.End - range.Start);
    private FileBatch<T>? _opened;

    public override long RecordCount => _totalBytes == 0 ? 0 : _opened?.RecordCount ?? -1;

    public override long SizeBytes => _totalBytes;

    public override string? Description { get; } = ranges.Count == 0 ? null : string.Join('\n', ranges.Select(range => range.File.Path));

    public override void Run(int partition, int partitionCount, RecordBuffer<T> output) => Opened().Run(partition, partitionCount, output);

    /// <summary>Looks whether all files are as they were.</summary>
    /// <exception cref="InvalidDataException">One is not.</exception>
    public void Check()
    {
        foreach (PlannedRange range in ranges)
        {
            Check(range);
        }
    }

    protected override void Dispose(bool disposing) => _opened?.Dispose();

    private void Check(in PlannedRange range) => SavedFile.Check(range.File, mayGrow, $"has bytes {range.Start} to {range.End} of a batch that was planned before the program stopped");

    private FileBatch<T> Opened()
    {
        lock (_lock)
        {
            return _opened ??= Open();
        }
    }

    private FileBatch<T> Open()
    {
        var opened = new List<FileRange>(ranges.Count);
        try
        {
            foreach (PlannedRange range in ranges)
            {
                // Before, for opening a pipe in the file's place would hang, and after, for another file may have come in between.
                Check(range);
                var file = new OpenFile(range.File, mode);
                opened.Add(new FileRange(file, range.Start, range.End));
                Check(range);
            }

            return new FileBatch<T>(opened, decoder, source, partitions, Description);
        }
        catch
        {
            opened.ForEach(range => range.File.Dispose());
            throw;
        }
    }
}
