using System.Buffers;

namespace FastStream;

public static partial class StreamingContextSources
{
    /// <summary>
    /// Replays the lines of a file: each batch takes about <paramref name="bytesPerBatch"/> bytes and ends with a line.
    /// After the file's end the batches are empty.
    /// </summary>
    /// <remarks>
    /// A file that cannot be opened fails the context's start. Where the context has checkpoints, a restart continues
    /// at the next byte; the file must be the same one, and may have grown.
    /// </remarks>
    /// <example><code>context.ReplayTextFile("access.log", bytesPerBatch: 4 &lt;&lt; 20).Count().Print();</code></example>
    /// <param name="context">The context.</param>
    /// <param name="path">The file; bytes appended after the start are not read.</param>
    /// <param name="bytesPerBatch">Approximate number of bytes in a batch: 1 or more.</param>
    /// <param name="mode">Whether the file is read or mapped.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="bytesPerBatch"/> is below 1.</exception>
    public static DStream<Utf8Text> ReplayTextFile(this StreamingContext context, string path, long bytesPerBatch,
        FileReadMode mode = FileReadMode.Read)
    {
        return context.ReplayFile(path, bytesPerBatch, LineDecoder.Instance, mode);
    }

    /// <summary>
    /// Replays the lines of a file in batches whose ends are given: recorded batches once, or the same ones again and
    /// again.
    /// </summary>
    /// <param name="context">The context.</param>
    /// <param name="path">The file.</param>
    /// <param name="batchEnds">Where each batch ends, in bytes from the file's start, ascending; an end inside a line
    /// moves to the line's end.</param>
    /// <param name="repeat">Whether the first batch follows the last again; if not, the batches after the last are empty.</param>
    /// <param name="mode">Whether the file is read or mapped.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no batch end.</exception>
    public static DStream<Utf8Text> ReplayTextFile(
        this StreamingContext context, string path, IReadOnlyList<long> batchEnds, bool repeat = false,
        FileReadMode mode = FileReadMode.Read)
    {
        return context.ReplayFile(path, batchEnds, LineDecoder.Instance, repeat, mode);
    }

    /// <summary>
    /// Replays the records of a file: each batch takes about <paramref name="bytesPerBatch"/> bytes and ends with a
    /// record. After the file's end the batches are empty.
    /// </summary>
    /// <remarks>As <see cref="ReplayTextFile(StreamingContext, string, long, FileReadMode)"/>, with any format.</remarks>
    /// <example><code>context.ReplayFile("ticks.bin", bytesPerBatch: 4 &lt;&lt; 20, new
    /// FixedLengthDecoder&lt;int&gt;(4, BinaryPrimitives.ReadInt32LittleEndian)).Count().Print();</code></example>
    /// <typeparam name="T">The record.</typeparam>
    /// <param name="context">The context.</param>
    /// <param name="path">The file; bytes appended after the start are not read.</param>
    /// <param name="bytesPerBatch">Approximate number of bytes in a batch: 1 or more.</param>
    /// <param name="decoder">Finds and makes the records.</param>
    /// <param name="mode">Whether the file is read or mapped.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="bytesPerBatch"/> is below 1.</exception>
    public static DStream<T> ReplayFile<T>(
        this StreamingContext context, string path, long bytesPerBatch, IRecordDecoder<T> decoder, FileReadMode mode = FileReadMode.Read)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentOutOfRangeException.ThrowIfLessThan(bytesPerBatch, 1);
        ArgumentNullException.ThrowIfNull(decoder);
        return new ReplayFileStream<T>(context, path, batch => (batch + 1) * bytesPerBatch, int.MaxValue, repeats: false, decoder, mode);
    }

    /// <summary>
    /// Replays the records of a file in batches whose ends are given: recorded batches once, or the same ones again and
    /// again.
    /// </summary>
    /// <typeparam name="T">The record.</typeparam>
    /// <param name="context">The context.</param>
    /// <param name="path">The file.</param>
    /// <param name="batchEnds">Where each batch ends, in bytes from the file's start, ascending; an end inside a record
    /// moves to the record's end.</param>
    /// <param name="decoder">Finds and makes the records.</param>
    /// <param name="repeat">Whether the first batch follows the last again; if not, the batches after the last are empty.</param>
    /// <param name="mode">Whether the file is read or mapped.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no batch end.</exception>
    public static DStream<T> ReplayFile<T>(
        this StreamingContext context, string path, IReadOnlyList<long> batchEnds, IRecordDecoder<T> decoder,
        bool repeat = false, FileReadMode mode = FileReadMode.Read)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(batchEnds);
        ArgumentOutOfRangeException.ThrowIfLessThan(batchEnds.Count, 1);
        ArgumentNullException.ThrowIfNull(decoder);
        return new ReplayFileStream<T>(context, path, batch => batchEnds[Math.Min(batch, batchEnds.Count - 1)],
            batchEnds.Count, repeat, decoder, mode);
    }
}

/// <param name="context">The context.</param>
/// <param name="path">The file.</param>
/// <param name="endOf">Gives the end, in bytes, of the n-th batch, counted from 0.</param>
/// <param name="batchCount">Number of batches that are not empty.</param>
/// <param name="repeats">Whether the file begins again after them.</param>
/// <param name="decoder">Makes the records.</param>
/// <param name="mode">Whether the file is read or mapped.</param>
internal sealed class ReplayFileStream<T>(
    StreamingContext context, string path, Func<int, long> endOf, int batchCount, bool repeats,
    IRecordDecoder<T> decoder, FileReadMode mode)
    : InputDStream<T>(context, "ReplayFile")
{
    private const byte Version = 1;
    private const int WindowBytes = 64 << 10;          // searched for records at first
    private const int MaxWindowBytes = 1 << 30;        // for a record that is longer than the first window

    private readonly FileSource _source = FileSource.For(context);
    private OpenFile? _file;
    private BegunFile? _begun;   // before the start: read in an earlier run
    private int _batch;      // number of the next batch
    private long _at;        // offset where the next batch begins
    private long _first;     // offset of the first record: behind a byte order mark

    protected override ValueTask StartAsync(CancellationToken cancellationToken)
    {
        // Looks at the file itself, not at a link to it.
        string target = File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? Path.GetFullPath(path);
        FileStatus? found = FileStatus.Of(target);
        if (_begun is { } begun)
        {
            SavedFile.Check(begun.File, found, mayGrow: true, $"was replayed up to byte {begun.At}");
        }

        _file = new OpenFile(found ?? throw new FileNotFoundException($"{path} is no file, so that it cannot be replayed.", path), mode);
        RefuseOthers(_file);
        _first = ByteOrderMark.LengthIn(_file, decoder);
        _at = Math.Max(_at, _first);
        return ValueTask.CompletedTask;
    }

    private void RefuseOthers(OpenFile file)
    {
        if (decoder is not ITextDecoder)
        {
            return;
        }

        Span<byte> head = stackalloc byte[NotText.HeadBytes];
        string? found = UnpackedFile.PackingOf(file.Path, FileCompression.ByName) == Packing.Brotli
            ? "has a name of brotli archives, and text is expected. A replay takes parts of a file, which an archive "
                + "has none of: unpack it first."
            : NotText.Find(head[..file.Read(0, head)]);
        if (found is not null)
        {
            throw new InvalidDataException($"{path} cannot be replayed: it {found}");
        }
    }

    protected override bool HasEnded => !repeats && (_batch >= batchCount || _at >= _file!.Length);

    protected override InputBatch<T> Cut(BatchTime time)
    {
        OpenFile file = _file!;
        if (repeats && _batch == batchCount)
        {
            _batch = 0;
            _at = _first;
        }

        long end = EndOfRecordAt(file, Math.Min(endOf(_batch++), file.Length));
        var range = new FileRange(file, _at, Math.Max(_at, end));
        _at = range.End;
        file.Retain();
        return new FileBatch<T>([range], decoder, _source, PartitionCount, path);
    }

    // Formats whose records can be found from any byte are searched at the offset; the others record by record from the
    // batch's begin.
    private long EndOfRecordAt(OpenFile file, long offset)
    {
        if (decoder.AcceptsUnfinishedEnd)
        {
            return file.Boundary(offset, decoder, _source.MaxRecordBytes) ?? file.Length;
        }

        try
        {
            long at = _at;
            long most = Math.Min(_source.MaxRecordBytes + (long)decoder.FramingBytes, MaxWindowBytes);
            int window = WindowBytes;
            while (at < offset)
            {
                int passed = PassRecords(file, at, offset, window);
                if (passed == 0 && (window >= most || at + window >= file.Length))
                {
                    return file.Length;   // a record is too long or cut off: it fails the batch
                }

                at += passed;
                window = passed > 0 ? WindowBytes : (int)Math.Min(window * 8L, MaxWindowBytes);
            }

            return at;
        }
        catch (InvalidDataException)
        {
            return file.Length;   // the batch fails in the same way when it reads, and names the file
        }
    }

    // Counts the bytes of the records that are complete in a window and begin before an offset; 0 if none is complete.
    private int PassRecords(OpenFile file, long at, long offset, int window)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(window);
        try
        {
            int length = file.Read(at, buffer.AsSpan(0, (int)Math.Min(window, file.Length - at)));
            int before = decoder.FindLast(buffer.AsSpan(0, (int)Math.Min(length, offset - at)));
            return before > 0 ? before : decoder.FindFirst(buffer.AsSpan(0, length));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    protected override void SaveBatch(InputBatch<T> batch, IBufferWriter<byte> output) =>
        PlannedRange.Write(((FileBatch<T>)batch).Ranges, output);

    protected override InputBatch<T> LoadBatch(BatchTime time, ReadOnlyMemory<byte> saved)
    {
        PlannedRange[] ranges = PlannedRange.Read(saved.Span, $"batch {time} of {Name}");
        PlannedFileBatch.Check(ranges, mayGrow: true);
        FileBatch<T> batch = PlannedFileBatch.Of(ranges, mayGrow: true, mode, decoder, _source, PartitionCount);
        _batch = repeats && _batch == batchCount ? 1 : _batch + 1;
        foreach (PlannedRange range in ranges)
        {
            _at = range.End;
            _begun = new BegunFile(range.File, _at);
        }

        return batch;
    }

    /// <summary>Writes <code>| 1 | number of the next batch (8 bytes) | its offset (8) | file |</code></summary>
    protected override void SavePosition(BatchTime time, IBufferWriter<byte> output)
    {
        var writer = new StateWriter(output);
        writer.WriteByte(Version);
        writer.WriteInt64(_batch);
        writer.WriteInt64(_at);
        SavedFile.Write(writer, _file!.Listed);
    }

    protected override void LoadPosition(ReadOnlySpan<byte> saved)
    {
        var reader = new StateReader(saved, Version, $"the position of {Name}");
        _batch = (int)Math.Min(reader.ReadNatural(), repeats ? batchCount : int.MaxValue);
        _at = reader.ReadNatural();
        _begun = new BegunFile(SavedFile.Read(ref reader), _at);
        reader.End();
    }

    protected override ValueTask CloseAsync()
    {
        _file?.Dispose();
        return ValueTask.CompletedTask;
    }
}
