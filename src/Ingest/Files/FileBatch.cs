namespace FastStream;

/// <summary>A part of a file, cut at record boundaries.</summary>
/// <param name="File">The file; the batch holds it.</param>
/// <param name="Start">First byte.</param>
/// <param name="End">Behind the last byte.</param>
internal readonly record struct FileRange(OpenFile File, long Start, long End)
{
    public long Length => End - Start;
}

/// <summary>
/// A batch of file ranges: each partition reads (or maps) and decodes its own split, so that reading is parallel and
/// decoding finds the bytes in its cache.
/// </summary>
internal sealed class FileBatch<T>(IReadOnlyList<FileRange> ranges, IRecordDecoder<T> decoder, FileSource source,
    int partitions, string? description) : InputBatch<T>
{
    private readonly RecordLimit<T> _limit = new(decoder, source.MaxRecordBytes);
    private readonly long _totalBytes = ranges.Sum(range => range.Length);
    private readonly List<Block>[] _blocks = Enumerable.Range(0, partitions).Select(_ => new List<Block>()).ToArray();
    private readonly DecodedSplits<T> _decoded = new(decoder, partitions);
    private readonly OversizedSplits _oversized = new(source, partitions);

    /// <summary>The file ranges of the batch, in order.</summary>
    public IReadOnlyList<FileRange> Ranges => ranges;

    public override long RecordCount => _totalBytes == 0 ? 0 : _decoded.Records;

    public override long SizeBytes => _totalBytes;

    public override string? Description => description;

    public override void Run(int partition, int partitionCount, RecordBuffer<T> output)
    {
        // A retried batch reads again: nobody uses the blocks of the first attempt any more.
        Release(_blocks[partition]);
        _oversized.Begin(partition);
        var run = new DecodeRun<T>(decoder, output);
        long shareStart = _totalBytes * partition / partitionCount;
        long shareEnd = _totalBytes * (partition + 1) / partitionCount;
        long before = 0;
        for (int i = 0; i < ranges.Count; i++)
        {
            FileRange range = ranges[i];
            long start = Math.Max(shareStart - before, 0);
            long end = Math.Min(shareEnd - before, range.Length);
            before += range.Length;
            if (start >= end)
            {
                continue;
            }

            try
            {
                Read(range, start, end, partition, ref run);
            }
            catch (LostFileException error) when (source.LostFile == LostFilePolicy.Skip)
            {
                source.CountLost(range.File.Listed, error.Message);
            }
            catch (InvalidDataException error)
            {
                // A batch has many files: say which.
                throw new InvalidDataException($"{range.File.Path} cannot be read: {error.Message}", error);
            }
        }

        _oversized.Ended(partition);
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

    // The file is open only while its split is read, not as long as the batch waits and runs: handles are scarce.
    private void Read(FileRange range, long start, long end, int partition, ref DecodeRun<T> run)
    {
        range.File.BeginReading();
        try
        {
            Packing packing = UnpackedFile.PackingOf(range.File.Path, source.Compression);
            if (packing != Packing.None)
            {
                DecodePacked(range, start, packing, partition, ref run);
                return;
            }

            RefuseOthers(range.File);
            FileRange split = SplitOf(range, start, end);
            if (range.File.IsMapped)
            {
                DecodeMapped(split, partition, ref run);
            }
            else
            {
                DecodeRead(split, partition, ref run);
            }
        }
        finally
        {
            range.File.EndReading();
        }
    }

    // Each split looks at the file's first bytes: a file that does not begin as text has no lines further on either.
    private void RefuseOthers(OpenFile file)
    {
        if (decoder is ITextDecoder)
        {
            Span<byte> head = stackalloc byte[NotText.HeadBytes];
            if (NotText.Find(head[..file.Read(0, head)]) is { } found)
            {
                throw new LostFileException($"{file.Path} cannot be read: it {found}");
            }
        }
    }

    // An archive can only be read from its beginning: the first split takes it whole.
    private void DecodePacked(FileRange range, long start, Packing packing, int partition, ref DecodeRun<T> run)
    {
        OpenFile file = range.File;
        if (range.Start > 0 || range.End < file.Length)
        {
            throw new LostFileException(
                $"{file.Path} cannot be read: bytes {range.Start} to {range.End} of it were planned, and archives are "
                    + $"read whole. Set FileSourceOptions.Compression as it was when the batch was planned.");
        }

        if (start == 0)
        {
            using var unpacked = UnpackedFile.Open(file, packing, source.MaxUnpackedBytes);
            Action<long> countOversized = at => _oversized.Count(partition, file.Path, at);
            new UnpackedRecords<T>(file, unpacked, decoder, source, _blocks[partition], countOversized).Decode(ref run);
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

    // Where records can be found from any byte, a range is split by bytes; elsewhere the first split takes it whole.
    private FileRange SplitOf(FileRange range, long start, long end)
    {
        if (!decoder.AcceptsUnfinishedEnd)
        {
            return start == 0 ? range : range with { End = range.Start };
        }

        long first = start == 0 ? range.Start : Border(range, range.Start + start);
        long last = end == range.Length ? range.End : Border(range, range.Start + end);
        return new FileRange(range.File, first, last);
    }

    // Where no record end is near, the border is the end of the long record, if such records may be dropped. Otherwise
    // the border of another split would lie behind this one's end, so no split may continue.
    private long Border(FileRange range, long offset)
    {
        long border = range.File.Boundary(offset, decoder, source.MaxRecordBytes)
            ?? (source.Oversized == OversizedRecordPolicy.FailStream
                ? throw source.RecordTooLong(offset) : range.File.EndOfRecord(offset, decoder));
        return Math.Min(border, range.End);
    }

    private void DecodeMapped(FileRange split, int partition, ref DecodeRun<T> run)
    {
        const int piece = 1 << 30;   // spans hold at most 2 GiB
        long at = split.Start;
        while (at < split.End)
        {
            RecordBytes bytes = split.File.Mapped(at, (int)Math.Min(piece, split.End - at));
            int whole = bytes.Length == split.End - at ? bytes.Length : decoder.FindLast(bytes.Span);
            int good = _limit.FindTooLong(bytes.Span[..whole]) ?? whole;
            if (good > 0)
            {
                run.Decode(split.File.Mapped(at, good));
            }

            at = good == whole && whole > 0
                ? at + whole + RestOfEnd(split, at + whole, bytes.Span[whole - 1], bytes.Span[whole..])
                : PassOversized(split, at + good, partition, ref run);
        }
    }

    private void DecodeRead(FileRange split, int partition, ref DecodeRun<T> run)
    {
        List<Block> blocks = _blocks[partition];
        long at = split.Start;
        while (at < split.End)
        {
            Block block = source.Blocks.Rent();
            blocks.Add(block);
            int whole = ReadRecords(split, at, block);
            if (whole == 0 && LongBlock(split, at, blocks) is { } longer)
            {
                block = longer;
                whole = ReadRecords(split, at, block);
            }

            // By default a block is shorter than the longest record, so nothing in it is checked.
            int good = _limit.FindTooLong(block.Span[..whole]) ?? whole;
            if (good > 0)
            {
                run.Decode(new RecordBytes(block, 0, good));
            }

            if (good < whole || whole == 0)
            {
                at = PassOversized(split, at + good, partition, ref run);
                continue;
            }

            int read = (int)Math.Min(block.Length, split.End - at);
            at += whole + RestOfEnd(split, at + whole, block.Span[whole - 1], block.Span[whole..read]);
        }
    }

    // Handles a record that is too long: fails, or takes its first bytes or none of it; returns where the next one
    // begins.
    private long PassOversized(FileRange split, long at, int partition, ref DecodeRun<T> run)
    {
        if (source.Oversized == OversizedRecordPolicy.FailStream || !decoder.AcceptsUnfinishedEnd)
        {
            throw source.RecordTooLong(at);
        }

        _oversized.Count(partition, split.File.Path, at);
        if (source.Oversized == OversizedRecordPolicy.Truncate)
        {
            int length = source.MaxRecordBytes + 1;   // one byte more shows whether a character is split
            Block block = length <= source.Blocks.BlockSizeBytes ? source.Blocks.Rent() : new BlockPool(length, 1).Rent();
            _blocks[partition].Add(block);
            int read = split.File.Read(at, block.Span[..length]);
            if (read < length)
            {
                throw LostFileException.Shortened(split.File.Path, at, length, read);
            }

            run.Decode(new RecordBytes(block, 0, OversizedRecords.CharacterBoundary(block.Span, source.MaxRecordBytes)));
        }

        return Math.Min(split.File.EndOfRecord(at + source.MaxRecordBytes, decoder), split.End);
    }

    // Fills the block; returns how many of its bytes are complete records.
    private int ReadRecords(FileRange split, long at, Block block)
    {
        int wanted = (int)Math.Min(block.Length, split.End - at);
        int length = split.File.Read(at, block.Span[..wanted]);
        if (length < wanted)
        {
            throw LostFileException.Shortened(split.File.Path, at, wanted, length);
        }

        return length == split.End - at ? length : decoder.FindLast(block.Span[..length]);
    }

    // Returns a block for the longest record in place of the last one; null where the last one had room for it. The
    // following records come with it, so that many long records take few such blocks.
    private Block? LongBlock(FileRange split, long at, List<Block> blocks)
    {
        int length = (int)Math.Min(split.End - at, _limit.FrameBytes);
        if (length <= blocks[^1].Length)
        {
            return null;
        }

        blocks[^1].Release();
        Block block = new BlockPool(length, 1).Rent();
        blocks[^1] = block;
        return block;
    }

    // The decoded bytes may end between the CR and the LF of one line end. The next byte is read only where it did not
    // come with them.
    private int RestOfEnd(FileRange split, long at, byte last, ReadOnlySpan<byte> following)
    {
        if (!following.IsEmpty)
        {
            return decoder.FindRestOfEnd(last, following[..1]);
        }

        Span<byte> next = stackalloc byte[1];
        return at < split.End && split.File.Read(at, next) == 1 ? decoder.FindRestOfEnd(last, next) : 0;
    }
}
