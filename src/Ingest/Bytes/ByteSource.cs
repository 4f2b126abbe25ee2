using System.Buffers;
using FastStream.Runtime;

namespace FastStream;

/// <summary>A source that receives bytes: it publishes complete records into a queue, and cuts the queue.</summary>
/// <remarks>
/// An entry of its journal is a run of complete records that were published together. An intent record then has the
/// range of entries and the lengths of the batch's slices, so that each partition gets the same records again: <c>|
/// range | slices (4 bytes) | each: length (4) |</c>.
/// </remarks>
/// <param name="decoder">Finds records in the bytes, and makes them.</param>
/// <param name="oversized">What happens to records that are too long.</param>
internal abstract class ByteSource<T>(IRecordDecoder<T> decoder, OversizedRecordPolicy oversized) : Source<T>
{
    private const int BlockBytes = 4 << 20;    // size of the blocks that journal entries are read into

    private ByteQueue<T>? _queue;              // since the start
    private RateLimiter? _limiter;             // null: no limit
    private CancellationTokenSource? _stop;    // since the start; ends receiving

    protected override bool KeepsJournal => true;

    protected override bool IsBackpressured => Blocks.IsFull;

    /// <summary>Whether nothing is published for the next cut.</summary>
    protected bool IsEmpty => _queue!.IsEmpty;

    /// <summary>Cancelled when receiving must end.</summary>
    protected CancellationToken Stopped => _stop!.Token;

    /// <summary>The context's pool.</summary>
    protected BlockPool Blocks => Context.StreamingContext.Blocks;

    /// <summary>
    /// Makes the queue and the limiter, which all readers share. Call it before <see cref="NewReader"/>.
    /// </summary>
    protected void Prepare()
    {
        _queue = new ByteQueue<T>(decoder, Blocks);
        _limiter = ReceiverRate.LimiterFor(Context);
        _stop = new CancellationTokenSource();
    }

    /// <summary>
    /// Makes the queue write what it takes from now on to the journal, and gives it what an earlier run received.
    /// </summary>
    protected void BeginJournal()
    {
        if (Context.Journal is { } journal)
        {
            IReadOnlyList<ReadOnlyMemory<byte>> received = journal.Begin();
            if (journal.IsOn)
            {
                _queue!.Begin(journal, Slices(received, [.. received.Select(entry => entry.Length)]));
            }
        }
    }

    /// <summary>Makes a reader for one connection.</summary>
    /// <param name="inPlace">Whether it receives into blocks and publishes in place.</param>
    protected RecordReader<T> NewReader(bool inPlace) => new(
        _queue!, decoder, new OversizedRecords(Context.StreamingContext, Context.Name, oversized), _limiter, inPlace ? Blocks : null);

    /// <summary>Requests the end of receiving.</summary>
    protected Task CancelAsync() => _stop!.CancelAsync();

    protected override InputBatch<T> Cut(BatchTime time) => _queue!.Cut(Context.PartitionCount);

    protected override void SaveBatch(InputBatch<T> batch, IBufferWriter<byte> output)
    {
        if (Context.Journal is { IsOn: true } journal)
        {
            journal.SaveBatch(output);
            ((ByteBatch<T>)batch).SaveLengths(output);
        }
        else
        {
            ((ByteBatch<T>)batch).Save(output);
        }
    }

    protected override InputBatch<T> LoadBatch(BatchTime time, ReadOnlyMemory<byte> saved)
    {
        string what = $"batch {time} of {Context.Name}";
        ReadOnlySpan<byte> rest = saved.Span;
        if (!Context.Journal!.TryLoad(ref rest, out IReadOnlyList<ReadOnlyMemory<byte>> entries))
        {
            return ByteBatch<T>.Load(rest, what, decoder, Context.PartitionCount);
        }

        List<int> lengths = ByteBatch<T>.ReadLengths(rest, what);
        long expected = lengths.Sum(length => (long)length);
        long found = entries.Sum(entry => (long)entry.Length);
        return found == expected
            ? new ByteBatch<T>(Slices(entries, lengths), decoder, Context.PartitionCount)
            : throw new InvalidDataException($"The journal has {found} bytes of {what}, and {expected} were planned. Bring back "
                + "a copy of the checkpoint directory that is of one moment.");
    }

    protected override ValueTask CloseAsync()
    {
        _queue!.Close();
        _stop!.Dispose();
        return ValueTask.CompletedTask;
    }

    // Copies the entries, one behind the other, into slices of these lengths.
    private static List<BlockSlice> Slices(IReadOnlyList<ReadOnlyMemory<byte>> entries, List<int> lengths)
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
