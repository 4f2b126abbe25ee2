namespace FastStream;

/// <summary>Replays one file, a piece for each batch: for experiments, benchmarks and back-fills.</summary>
public static class ReplayFileExtensions
{
    /// <summary>The lines of a file, so many bytes for each batch, cut at the end of a line; after the file's end the batches are empty.</summary>
    /// <param name="context">The context.</param>
    /// <param name="path">The file; what is appended after the start is not read.</param>
    /// <param name="bytesPerBatch">About how many bytes a batch gets: 1 or more.</param>
    /// <param name="mode">Whether the file is read or mapped.</param>
    public static DStream<Utf8Text> ReplayTextFile(this StreamingContext context, string path, long bytesPerBatch, FileReadMode mode = FileReadMode.Read)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentOutOfRangeException.ThrowIfLessThan(bytesPerBatch, 1);
        return new ReplayFileStream<Utf8Text>(context, path, bytesPerBatch, LineDecoder.Instance, mode);
    }
}

internal sealed class ReplayFileStream<T>(StreamingContext context, string path, long bytesPerBatch, IRecordDecoder<T> decoder, FileReadMode mode)
    : InputDStream<T>(context, "ReplayFile")
{
    private readonly FileSource _source = FileSource.For(context);
    private OpenFile? _file;
    private long _batches;   // cut so far
    private long _at;        // where the next batch begins

    protected internal override ValueTask StartAsync(CancellationToken cancellationToken)
    {
        _file = new OpenFile(path, mode);
        return ValueTask.CompletedTask;
    }

    protected internal override InputBatch<T> Cut(BatchTime time)
    {
        OpenFile file = _file!;
        long end = file.Boundary(Math.Min(++_batches * bytesPerBatch, file.Length), decoder, _source.MaxRecordBytes);
        var range = new FileRange(file, _at, Math.Max(_at, end));
        _at = range.End;
        file.Retain();
        return new FileBatch<T>([range], decoder, _source, PartitionCount, path);
    }

    protected internal override ValueTask StopAsync()
    {
        _file?.Dispose();
        return ValueTask.CompletedTask;
    }
}
