using System.Buffers;

namespace FastStream;

/// <summary>A run of complete records in one block.</summary>
/// <param name="Block">The block; the batch holds it.</param>
/// <param name="Start">Index of the first byte.</param>
/// <param name="Length">Number of bytes.</param>
internal readonly record struct BlockSlice(Block Block, int Start, int Length);

/// <summary>
/// A batch of received bytes: slices of blocks, distributed over the partitions in order and decoded there.
/// </summary>
internal sealed class ByteBatch<T> : InputBatch<T>
{
    private const byte Version = 1;

    private readonly List<BlockSlice> _slices;
    private readonly IRecordDecoder<T> _decoder;
    private readonly long _totalBytes;
    private readonly DecodedSplits<T> _decoded;

    public ByteBatch(List<BlockSlice> slices, IRecordDecoder<T> decoder, int partitions)
    {
        _slices = slices;
        _decoder = decoder;
        _decoded = new DecodedSplits<T>(decoder, partitions);
        foreach (BlockSlice slice in slices)
        {
            _totalBytes += slice.Length;
        }
    }

    public override long RecordCount => _totalBytes == 0 ? 0 : _decoded.Records;

    public override long SizeBytes => _totalBytes;

    public override void Run(int partition, int partitionCount, RecordBuffer<T> output)
    {
        // A slice goes whole to the partition that its middle byte falls into: this keeps their order and balances them
        // by size.
        var run = new DecodeRun<T>(_decoder, output);
        long before = 0;
        foreach (BlockSlice slice in _slices)
        {
            long middle = before + (slice.Length / 2);
            if (middle * partitionCount / Math.Max(1, _totalBytes) == partition)
            {
                run.Decode(new RecordBytes(slice.Block, slice.Start, slice.Length));
            }

            before += slice.Length;
        }

        _decoded.Ended(partition, in run);
    }

    /// <summary>
    /// Writes the bytes as they arrived, which is much less work than writing their records:
    /// <code>| 1 | slices (4 bytes) | each: length (4), bytes |</code>
    /// </summary>
    public void Save(IBufferWriter<byte> output)
    {
        var writer = new StateWriter(output);
        writer.WriteByte(Version);
        writer.WriteInt32(_slices.Count);
        foreach (BlockSlice slice in _slices)
        {
            writer.WriteBytes(slice.Block.Span.Slice(slice.Start, slice.Length));
        }
    }

    /// <summary>Writes the lengths of the slices, for a batch whose bytes are stored elsewhere.</summary>
    public void SaveLengths(IBufferWriter<byte> output)
    {
        var writer = new StateWriter(output);
        writer.WriteInt32(_slices.Count);
        foreach (BlockSlice slice in _slices)
        {
            writer.WriteInt32(slice.Length);
        }
    }

    /// <summary>Reads what <see cref="SaveLengths"/> wrote.</summary>
    /// <exception cref="InvalidDataException">The data are damaged.</exception>
    public static List<int> ReadLengths(ReadOnlySpan<byte> saved, string batch)
    {
        var reader = new StateReader(saved, batch);
        var lengths = new List<int>(reader.ReadCount(sizeof(int)));
        for (int left = lengths.Capacity; left > 0; left--)
        {
            int length = reader.ReadInt32();
            lengths.Add(length > 0 ? length : throw reader.Damaged($"a slice has {length} bytes, and 1 or more are expected"));
        }

        reader.End();
        return lengths;
    }

    /// <summary>Restores the batch, with its slices in one block of their own.</summary>
    /// <param name="saved">What <see cref="Save"/> wrote.</param>
    /// <param name="batch">Which batch, for messages.</param>
    /// <param name="decoder">Makes the records.</param>
    /// <param name="partitions">Number of partitions.</param>
    /// <exception cref="InvalidDataException">The data are damaged, or of another version.</exception>
    public static ByteBatch<T> Load(ReadOnlySpan<byte> saved, string batch, IRecordDecoder<T> decoder, int partitions)
    {
        var reader = new StateReader(saved, Version, batch);
        int count = reader.ReadCount(sizeof(int));
        var slices = new List<BlockSlice>(count);
        if (count > 0)
        {
            Block block = new BlockPool(Math.Max(saved.Length, 4096), 1).Rent();
            int end = 0;
            for (int i = 0; i < count; i++)
            {
                ReadOnlySpan<byte> bytes = reader.ReadBytes();
                bytes.CopyTo(block.Span[end..]);
                block.Retain();
                slices.Add(new BlockSlice(block, end, bytes.Length));
                end += bytes.Length;
            }

            block.Release();
        }

        reader.End();
        return new ByteBatch<T>(slices, decoder, partitions);
    }

    protected override void Dispose(bool disposing)
    {
        foreach (BlockSlice slice in _slices)
        {
            slice.Block.Release();
        }

        _slices.Clear();
    }
}
