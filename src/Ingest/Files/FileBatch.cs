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
    private readonly long _totalBytes = ranges.Sum(range => range.Length);
    private readonly List<Block>[] _blocks = Enumerable.Range(0, partitions).Select(_ => new List<Block>()).ToArray();
    private readonly long[] _records = Enumerable.Repeat(-1L, partitions).ToArray();

    public override long RecordCount => _totalBytes == 0 ? 0 : _records.Contains(-1) ? -1 : _records.Sum();

    public override long SizeBytes => _totalBytes;

    public override string? Description => description;

    public override void Run(int partition, int partitionCount, RecordBuffer<T> output)
    {
        // A retried batch reads again: the blocks of the first try are in nobody's hands any more.
        Release(_blocks[partition]);
        long records = 0;
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

            FileRange share = Share(range, start, end);
            records += range.File.IsMapped ? DecodeMapped(share, output) : DecodeRead(share, _blocks[partition], output);
        }

        _records[partition] = records;
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

        long first = start == 0 ? range.Start : range.File.Boundary(range.Start + start, decoder, source.MaxRecordBytes);
        long last = end == range.Length ? range.End : range.File.Boundary(range.Start + end, decoder, source.MaxRecordBytes);
        return new FileRange(range.File, Math.Min(first, range.End), Math.Min(last, range.End));
    }

    private long DecodeMapped(FileRange share, RecordBuffer<T> output)
    {
        const int piece = 1 << 30;   // spans hold at most 2 GiB
        long records = 0;
        long at = share.Start;
        while (at < share.End)
        {
            RecordBytes bytes = share.File.Mapped(at, (int)Math.Min(piece, share.End - at));
            int whole = bytes.Length == share.End - at ? bytes.Length : decoder.FindLast(bytes.Span);
            if (whole == 0)
            {
                throw source.RecordTooLong(share.File.Path, at);
            }

            records += decoder.Decode(share.File.Mapped(at, whole), output);
            at += whole;
        }

        return records;
    }

    private long DecodeRead(FileRange share, List<Block> blocks, RecordBuffer<T> output)
    {
        long records = 0;
        long at = share.Start;
        while (at < share.End)
        {
            Block block = source.Blocks.Rent();
            blocks.Add(block);
            int wanted = (int)Math.Min(block.Length, share.End - at);
            int length = share.File.Read(at, block.Span[..wanted]);
            if (length < wanted)
            {
                throw new InvalidDataException($"{share.File.Path} was shortened while it was read: {wanted} bytes were expected at {at}, {length} were there. Move files into the directory whole, and do not change them afterwards.");
            }

            int whole = length == share.End - at ? length : decoder.FindLast(block.Span[..length]);
            if (whole == 0)
            {
                block = ReadLongRecord(share, at, blocks);
                whole = decoder.FindFirst(block.Span[..(int)Math.Min(block.Length, share.End - at)]);
                whole = whole == 0 ? (int)(share.End - at) : whole;
            }

            records += decoder.Decode(new RecordBytes(block, 0, whole), output);
            at += whole;
        }

        return records;
    }

    // A record longer than a block gets a block of its own.
    private Block ReadLongRecord(FileRange share, long at, List<Block> blocks)
    {
        int length = (int)Math.Min(share.End - at, source.MaxRecordBytes + (long)source.Blocks.BlockSizeBytes);
        var pool = new BlockPool(Math.Max(4096, length), 1);
        Block block = pool.Rent();
        blocks.Add(block);
        share.File.Read(at, block.Span[..length]);
        int found = decoder.FindFirst(block.Span[..length]);
        bool isUnfinishedEnd = found == 0 && length == share.End - at;
        if ((isUnfinishedEnd ? length : found) > source.MaxRecordBytes + 2L || (found == 0 && !isUnfinishedEnd))
        {
            throw source.RecordTooLong(share.File.Path, at);
        }

        return block;
    }
}

/// <summary>What file inputs share: the pool that reads go into, and the bound on records.</summary>
/// <param name="Blocks">The pool; one batch's files at a time are in it, so it has no bound of its own.</param>
/// <param name="MaxRecordBytes">The most bytes of one record.</param>
internal sealed record FileSource(BlockPool Blocks, int MaxRecordBytes)
{
    public static FileSource For(StreamingContext context) => new(
        new BlockPool(context.Options.BlockSizeBytes, int.MaxValue, context.Options.PoisonReturnedBlocks),
        context.Options.MaxRecordBytes);

    public InvalidDataException RecordTooLong(string path, long at) =>
        new($"{path} has a record of more than {MaxRecordBytes} bytes at byte {at}. Raise StreamingOptions.MaxRecordBytes, or split the file's records.");
}
