namespace FastStream;

/// <summary>A part of a file, cut at record boundaries.</summary>
/// <param name="File">The file; the batch holds it.</param>
/// <param name="Start">First byte.</param>
/// <param name="End">Behind the last byte.</param>
internal readonly record struct FileRange(OpenFile File, long Start, long End)
{
    public long Length => End - Start;
}

/// <summary>A batch of file ranges: each partition reads (or maps) and decodes its own part, so that reading is parallel and decoding finds the bytes in its cache.</summary>
internal sealed class FileBatch<T>(IReadOnlyList<FileRange> ranges, IRecordDecoder<T> decoder, FileSource source, int partitions, string? description) : InputBatch<T>
{
    private readonly RecordLimit<T> _limit = new(decoder, source.MaxRecordBytes);
    private readonly long _totalBytes = ranges.Sum(range => range.Length);
    private readonly List<Block>[] _blocks = Enumerable.Range(0, partitions).Select(_ => new List<Block>()).ToArray();
    private readonly DecodedShares<T> _decoded = new(decoder, partitions);

    /// <summary>The parts of files that it is made of, in order.</summary>
    public IReadOnlyList<FileRange> Ranges => ranges;

    public override long RecordCount => _totalBytes == 0 ? 0 : _decoded.Records;

    public override long SizeBytes => _totalBytes;

    public override string? Description => description;

    public override void Run(int partition, int partitionCount, RecordBuffer<T> output)
    {
        // A retried batch reads again: the blocks of the first try are in nobody's hands any more.
        Release(_blocks[partition]);
        var run = new DecodeRun<T>(decoder, output);
        long shareStart = _totalBytes * partition / partitionCount;
        long shareEnd = _totalBytes * (partition + 1) / partitionCount;
        long before = 0;
        foreach (FileRange range in ranges)
        {
            long start = Math.Max(shareStart - before, 0);
            long end = Math.Min(shareEnd - before, range.Length);
            before += range.Length;
            if (start >= end)
            {
                continue;
            }

            try
            {
                FileRange share = Share(range, start, end);
                if (range.File.IsMapped)
                {
                    DecodeMapped(share, ref run);
                }
                else
                {
                    DecodeRead(share, _blocks[partition], ref run);
                }
            }
            catch (InvalidDataException error)
            {
                // A batch has many files: say which.
                throw new InvalidDataException($"{range.File.Path} cannot be read: {error.Message}", error);
            }
        }

        _decoded.Ended(partition, in run);
    }

    protected override void Dispose(bool disposing)
    {
        foreach (List<Block> blocks in _blocks)
        {
            Release(blocks);
        }

        foreach (FileRange range in ranges)
        {
            range.File.Dispose();
        }
    }

    private static void Release(List<Block> blocks)
    {
        foreach (Block block in blocks)
        {
            block.Release();
        }

        blocks.Clear();
    }

    // Where records can be found from any byte on, a range is shared out by bytes; elsewhere the first share takes it whole.
    private FileRange Share(FileRange range, long start, long end)
    {
        if (!decoder.AcceptsUnfinishedEnd)
        {
            return start == 0 ? range : range with { End = range.Start };
        }

        long first = start == 0 ? range.Start : Border(range, range.Start + start);
        long last = end == range.Length ? range.End : Border(range, range.Start + end);
        return new FileRange(range.File, first, last);
    }

    // Where no record ends for long there is no border, and another share's border would be behind this one's end: no share may go on.
    private long Border(FileRange range, long offset) =>
        Math.Min(range.File.Boundary(offset, decoder, source.MaxRecordBytes) ?? throw source.RecordTooLong(offset), range.End);

    private void DecodeMapped(FileRange share, ref DecodeRun<T> run)
    {
        const int piece = 1 << 30;   // spans hold at most 2 GiB
        long at = share.Start;
        while (at < share.End)
        {
            RecordBytes bytes = share.File.Mapped(at, (int)Math.Min(piece, share.End - at));
            int whole = bytes.Length == share.End - at ? bytes.Length : decoder.FindLast(bytes.Span);
            if (whole == 0)
            {
                throw source.RecordTooLong(at);
            }

            CheckLengths(bytes.Span[..whole], at);
            run.Decode(share.File.Mapped(at, whole));
            at += whole + RestOfEnd(share, at + whole, bytes.Span[whole - 1], bytes.Span[whole..]);
        }
    }

    private void DecodeRead(FileRange share, List<Block> blocks, ref DecodeRun<T> run)
    {
        long at = share.Start;
        while (at < share.End)
        {
            Block block = source.Blocks.Rent();
            blocks.Add(block);
            int whole = ReadRecords(share, at, block);
            if (whole == 0)
            {
                block = LongBlock(share, at, blocks);
                whole = ReadRecords(share, at, block);
                if (whole == 0)
                {
                    throw source.RecordTooLong(at);
                }
            }

            CheckLengths(block.Span[..whole], at);
            run.Decode(new RecordBytes(block, 0, whole));
            int read = (int)Math.Min(block.Length, share.End - at);
            at += whole + RestOfEnd(share, at + whole, block.Span[whole - 1], block.Span[whole..read]);
        }
    }

    // By default a block is shorter than the longest record, and nothing in it is looked at.
    private void CheckLengths(ReadOnlySpan<byte> records, long at)
    {
        if (_limit.FindTooLong(records) is { } start)
        {
            throw source.RecordTooLong(at + start);
        }
    }

    // Fills the block; returns how much of it is whole records.
    private int ReadRecords(FileRange share, long at, Block block)
    {
        int wanted = (int)Math.Min(block.Length, share.End - at);
        int length = share.File.Read(at, block.Span[..wanted]);
        if (length < wanted)
        {
            throw new InvalidDataException($"It was shortened while it was read; {wanted} bytes were expected at byte {at}, {length} were there. Move files into the directory whole, and do not change them afterwards.");
        }

        return length == share.End - at ? length : decoder.FindLast(block.Span[..length]);
    }

    // In place of the last block, one for the longest record. The records behind it come with it, so that many long ones take few such blocks.
    private Block LongBlock(FileRange share, long at, List<Block> blocks)
    {
        int length = (int)Math.Min(share.End - at, _limit.FrameBytes);
        if (length <= blocks[^1].Length)
        {
            throw source.RecordTooLong(at);
        }

        blocks[^1].Release();
        Block block = new BlockPool(length, 1).Rent();
        blocks[^1] = block;
        return block;
    }

    // What was decoded may end between the CR and the LF of one line end. The next byte is read only where it did not come with what was decoded.
    private int RestOfEnd(FileRange share, long at, byte last, ReadOnlySpan<byte> following)
    {
        if (!following.IsEmpty)
        {
            return decoder.FindRestOfEnd(last, following[..1]);
        }

        Span<byte> next = stackalloc byte[1];
        return at < share.End && share.File.Read(at, next) == 1 ? decoder.FindRestOfEnd(last, next) : 0;
    }
}

/// <summary>What file inputs share: the pool that reads go into, and the bound on records.</summary>
/// <param name="Blocks">The pool; one batch's files at a time are in it, so it has no bound of its own.</param>
/// <param name="MaxRecordBytes">The most bytes of one record.</param>
internal sealed record FileSource(BlockPool Blocks, int MaxRecordBytes)
{
    public static FileSource For(StreamingContext context) => new(
        BlockPool.Unbounded(context.Options),
        context.Options.MaxRecordBytes);

    public InvalidDataException RecordTooLong(long at) =>
        new($"It has a record of more than {MaxRecordBytes} bytes at byte {at}. Raise StreamingOptions.MaxRecordBytes, or split the file's records.");
}
