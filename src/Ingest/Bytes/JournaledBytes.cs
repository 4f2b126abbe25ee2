using System.Buffers;

namespace FastStream;

/// <summary>The journal of an input that receives bytes: an entry is a run of whole records that were published together.</summary>
/// <remarks>
/// A plan has the range of entries and the lengths of the batch's slices, so that each partition gets what it got: <c>|
/// range | slices (4 bytes) | each: length (4) |</c>.
/// </remarks>
internal sealed class JournaledBytes<T>(DStream<T> input, ByteQueue<T> queue, IRecordDecoder<T> decoder)
{
    private const int BlockBytes = 4 << 20;    // of blocks that entries are read into

    private ReceiverJournal? _journal;         // where the context has checkpoints

    public bool IsThere => _journal is not null;

    public void Use(string directory) => _journal = new ReceiverJournal(directory, input.Name,
        input.Context.Options.Checkpoint!.ReceiverJournal, input.Context.Fail);

    public void Retire(BatchTime oldestKept) => _journal!.Retire(oldestKept);

    public void LoadPosition(ReadOnlySpan<byte> saved) => _journal!.LoadPosition(saved);

    public void SavePosition(BatchTime time, IBufferWriter<byte> output) => _journal!.SavePosition(time, output);

    /// <summary>Has the queue write what it takes from now on, and gives it what an earlier run received.</summary>
    public void Begin()
    {
        if (_journal is not null)
        {
            List<ReadOnlyMemory<byte>> received = _journal.Begin();
            if (_journal.IsOn)
            {
                queue.Begin(_journal, Slices(received, received.ConvertAll(entry => entry.Length)));
            }
        }
    }

    public void SaveBatch(ByteBatch<T> batch, IBufferWriter<byte> output)
    {
        if (_journal is { IsOn: true })
        {
            _journal.SaveBatch(output);
            batch.SaveLengths(output);
        }
        else
        {
            batch.Save(output);
        }
    }

    public ByteBatch<T> LoadBatch(BatchTime time, ReadOnlySpan<byte> saved)
    {
        string what = $"batch {time} of {input.Name}";
        if (!JournalRange.TryRead(ref saved, out JournalRange range))
        {
            return ByteBatch<T>.Load(saved, what, decoder, input.PartitionCount);
        }

        List<ReadOnlyMemory<byte>> entries = _journal!.Load(range);
        List<int> lengths = ByteBatch<T>.ReadLengths(saved, what);
        long expected = lengths.Sum(length => (long)length);
        long found = entries.Sum(entry => (long)entry.Length);
        return found == expected
            ? new ByteBatch<T>(Slices(entries, lengths), decoder, input.PartitionCount)
            : throw new InvalidDataException($"The journal has {found} bytes of {what}, and {expected} were planned. Bring back "
                + "a copy of the checkpoint directory that is of one moment.");
    }

    public ValueTask CloseAsync() => _journal?.CloseAsync() ?? ValueTask.CompletedTask;

    // Copies the entries, one behind the other, into slices of these lengths.
    private static List<BlockSlice> Slices(List<ReadOnlyMemory<byte>> entries, List<int> lengths)
    {
        var slices = new List<BlockSlice>(lengths.Count);
        long left = entries.Sum(entry => (long)entry.Length);
        int next = 0;
        ReadOnlyMemory<byte> source = default;
        Block? block = null;
        int end = 0;
        foreach (int length in lengths)
        {
            if (block is null || end + length > block.Length)
            {
                block?.Release();
                block = new BlockPool((int)Math.Max(4096, Math.Max(length, Math.Min(left, BlockBytes))), 1).Rent();
                end = 0;
            }

            block.Retain();
            slices.Add(new BlockSlice(block, end, length));
            for (int copied = 0; copied < length;)
            {
                source = source.IsEmpty ? entries[next++] : source;
                int piece = Math.Min(source.Length, length - copied);
                source.Span[..piece].CopyTo(block.Span[(end + copied)..]);
                source = source[piece..];
                copied += piece;
            }

            end += length;
            left -= length;
        }

        block?.Release();
        return slices;
    }
}
