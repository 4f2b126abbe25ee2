using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.InteropServices;

namespace FastStream;

/// <summary>
/// Receives the bytes of one connection through a <see cref="Pipe"/> and publishes whole records after every receive, so that a batch cut at any moment
/// has everything that has arrived.
/// </summary>
/// <remarks>
/// <code>
/// pipe memory (a block):  | published ........ | whole records | unfinished | free |
///                                              published now ^   waits ^      ^ next receive
/// </code>
/// Only the unfinished rest of a full block is copied: into the carry, where it waits for its end. Belongs to one loop; not thread safe.
/// </remarks>
internal sealed class RecordReader<T>
{
    private const int SmallestReceiveBytes = 2048;   // with less room than this a block counts as full
    private const int FirstLookBytes = 4096;         // bytes first copied to find the end of a carried record

    private readonly StreamingContext _context;
    private readonly string _name;
    private readonly ByteQueue<T> _queue;
    private readonly IRecordDecoder<T> _decoder;
    private readonly OversizedRecordPolicy _oversized;
    private readonly BlockMemoryPool? _blocks;       // null where records are copied out of small buffers
    private readonly int _limitBytes;                // a record with its framing has at most so many
    private byte[] _carry = [];                      // an unfinished record that left its block
    private int _carried;                            // bytes in it
    private int _unfinished;                         // bytes of an unfinished record in the pipe
    private byte _lastByte;                          // last byte published or skipped; 0 at first
    private bool _skipping;                          // inside of an oversized record whose rest is left out

    /// <summary>A reader for one connection.</summary>
    /// <param name="context">The context.</param>
    /// <param name="name">Name of the input, for messages.</param>
    /// <param name="queue">Where records are published.</param>
    /// <param name="decoder">Where records end.</param>
    /// <param name="oversized">What happens with records that are too long.</param>
    /// <param name="inPlace">Whether bytes are received into blocks of the pool and published where they lie; else into small buffers and copied.</param>
    public RecordReader(StreamingContext context, string name, ByteQueue<T> queue, IRecordDecoder<T> decoder, OversizedRecordPolicy oversized, bool inPlace)
    {
        _context = context;
        _name = name;
        _queue = queue;
        _decoder = decoder;
        _oversized = oversized;
        _blocks = inPlace ? new BlockMemoryPool(context.Blocks) : null;

        // A line's end takes one byte (the LF after a CR is looked at apart); frames may have a head of up to 16.
        _limitBytes = context.Options.MaxRecordBytes + (decoder.AcceptsUnfinishedEnd ? 1 : 16);
    }

    /// <summary>Whether anything came.</summary>
    public bool HasReceived { get; private set; }

    /// <summary>Receives until the source ends or the receiving is to stop. What the source's end leaves unfinished is a record where the decoder takes it as one, else it is dropped and counted.</summary>
    /// <param name="source">Where bytes come from.</param>
    /// <param name="available">How many bytes the system holds for the source now: they are still taken after a stop. Null where that is not known.</param>
    /// <param name="watch">Ends the receiving, not the publishing of what was received.</param>
    /// <param name="abort">Ends everything.</param>
    /// <exception cref="InvalidDataException">The bytes are no records; the connection cannot go on.</exception>
    /// <exception cref="StreamingException">A record is too long, and the policy is to fail.</exception>
    public async Task ReceiveAsync(Stream source, Func<int>? available, IdleWatch watch, CancellationToken abort)
    {
        int smallest = _blocks is null ? 1 : Math.Min(SmallestReceiveBytes, _context.Options.BlockSizeBytes / 4);
        var pipe = new Pipe(new PipeOptions(
            _blocks ?? MemoryPool<byte>.Shared, PipeScheduler.Inline, PipeScheduler.Inline, pauseWriterThreshold: 0, resumeWriterThreshold: 0, minimumSegmentSize: 4096, useSynchronizationContext: false));
        bool hasRoom = false;
        bool ended = false;
        CancellationToken receiving = watch.Token;
        long left = long.MaxValue;   // after the stop: what the system had received until then
        try
        {
            while (left > 0)
            {
                int received;
                Memory<byte> memory;
                try
                {
                    if (!hasRoom && _blocks is not null)
                    {
                        // After the stop there may be no batch any more that gives blocks back.
                        if (left < long.MaxValue && !_blocks.TryReserve())
                        {
                            break;
                        }

                        await _blocks.ReserveAsync(receiving).ConfigureAwait(false);
                    }

                    memory = pipe.Writer.GetMemory(smallest);
                    watch.BeginReceive();
                    received = await source.ReadAsync(memory, receiving).ConfigureAwait(false);
                    watch.EndReceive();
                }
                catch (OperationCanceledException) when (!abort.IsCancellationRequested && receiving == watch.Token && receiving.IsCancellationRequested)
                {
                    receiving = abort;
                    left = available?.Invoke() ?? 0;
                    continue;
                }

                if (received == 0)
                {
                    ended = true;
                    break;
                }

                left -= left == long.MaxValue ? 0 : received;
                HasReceived = true;
                pipe.Writer.Advance(received);
                await pipe.Writer.FlushAsync(abort).ConfigureAwait(false);
                hasRoom = memory.Length - received >= smallest;
                await TakeRecordsAsync(pipe, hasRoom, smallest, abort).ConfigureAwait(false);
            }

            if (ended && _decoder.AcceptsUnfinishedEnd)
            {
                await PublishUnfinishedAsync(pipe, abort).ConfigureAwait(false);
            }
        }
        finally
        {
            CountUnfinished();
            await pipe.Writer.CompleteAsync().ConfigureAwait(false);
            await pipe.Reader.CompleteAsync().ConfigureAwait(false);
            _blocks?.Dispose();
            ReturnCarry();
        }
    }

    private async ValueTask TakeRecordsAsync(Pipe pipe, bool hasRoom, int smallest, CancellationToken abort)
    {
        pipe.Reader.TryRead(out ReadResult result);
        ReadOnlySequence<byte> buffer = result.Buffer;
        SequencePosition at = buffer.Start;
        _unfinished = 0;
        foreach (ReadOnlyMemory<byte> segment in buffer)
        {
            int taken = await TakeAsync(segment, abort).ConfigureAwait(false);
            at = buffer.GetPosition(taken, at);
            if (taken < segment.Length)
            {
                if (hasRoom)
                {
                    _unfinished = segment.Length - taken;
                    break;
                }

                AppendToCarry(segment.Span[taken..]);
                at = buffer.GetPosition(segment.Length - taken, at);
            }
        }

        if (hasRoom)
        {
            // A pipe lets go of a block whose bytes are all consumed unless somebody writes: this keeps the block's free rest in use.
            pipe.Writer.GetMemory(smallest);
        }

        pipe.Reader.AdvanceTo(at, buffer.End);
    }

    /// <summary>Publishes the whole records of newly received bytes; gives the number of bytes done with.</summary>
    private async ValueTask<int> TakeAsync(ReadOnlyMemory<byte> data, CancellationToken abort)
    {
        int at = 0;
        while (at < data.Length)
        {
            if (_carried == 0 && !_skipping)
            {
                at += RestOfEnd(data.Span[at..]);
            }

            if (_skipping)
            {
                int end = _decoder.FindFirst(data.Span[at..]);
                at = end == 0 ? data.Length : at + end;
                _skipping = end == 0;
                _lastByte = end == 0 ? (byte)0 : data.Span[at - 1];
            }
            else if (_carried > 0)
            {
                at += await TakeCarriedAsync(data[at..], abort).ConfigureAwait(false);
            }
            else
            {
                int window = Math.Min(data.Length - at, _limitBytes);
                int whole = _decoder.FindLast(data.Span.Slice(at, window));
                if (whole > 0)
                {
                    await PublishAsync(data.Slice(at, whole), isFinished: true, abort).ConfigureAwait(false);
                    at += whole;
                }
                else if (window < _limitBytes)
                {
                    break;
                }
                else
                {
                    await HandleOversizedAsync(data.Slice(at, window), abort).ConfigureAwait(false);
                    at += window;
                }
            }
        }

        return at;
    }

    /// <summary>Looks for the end of the carried record, a growing piece of the new bytes at a time; gives the number of bytes it took.</summary>
    private async ValueTask<int> TakeCarriedAsync(ReadOnlyMemory<byte> data, CancellationToken abort)
    {
        int taken = 0;
        for (int look = FirstLookBytes; taken < data.Length; look *= 4)
        {
            int before = _carried;
            int more = Math.Min(Math.Min(look, data.Length - taken), _limitBytes - _carried);
            AppendToCarry(data.Span.Slice(taken, more));
            int end = _decoder.FindFirst(_carry.AsSpan(0, _carried));
            if (end > 0)
            {
                // An end inside of what was carried before is possible only for decoders that changed their mind: take no byte back then.
                _carried = 0;
                await PublishAsync(_carry.AsMemory(0, end), isFinished: true, abort).ConfigureAwait(false);
                return taken + Math.Max(0, end - before);
            }

            taken += more;
            if (_carried >= _limitBytes)
            {
                _carried = 0;
                await HandleOversizedAsync(_carry.AsMemory(0, _limitBytes), abort).ConfigureAwait(false);
                return taken;
            }
        }

        return taken;
    }

    private async ValueTask HandleOversizedAsync(ReadOnlyMemory<byte> start, CancellationToken abort)
    {
        int limit = _context.Options.MaxRecordBytes;
        if (!_decoder.AcceptsUnfinishedEnd)
        {
            throw new InvalidDataException($"A record of more than {limit} bytes came in; its format does not tell where the next one begins. Raise StreamingOptions.MaxRecordBytes, or send smaller records.");
        }

        string message = $"{_name} received a record of more than {limit} bytes. Raise StreamingOptions.MaxRecordBytes, or send shorter records";
        if (_oversized == OversizedRecordPolicy.FailStream)
        {
            throw new StreamingException($"{message}, or let the source's OversizedRecords drop or truncate them.");
        }

        bool dropped = _oversized == OversizedRecordPolicy.DropRecord;
        _context.Post(listener => listener.OnWarning($"{message}. It was {(dropped ? "dropped" : "truncated")}.", null));
        _skipping = true;
        if (dropped)
        {
            _context.Metrics.AddDroppedRecords(1);
            return;
        }

        int length = limit;
        while (length > limit - 3 && length > 1 && (start.Span[length] & 0xC0) == 0x80)
        {
            length--;
        }

        await PublishAsync(start[..length], isFinished: false, abort).ConfigureAwait(false);
    }

    private async ValueTask PublishUnfinishedAsync(Pipe pipe, CancellationToken abort)
    {
        // What was examined already is given again only when nothing more can come.
        await pipe.Writer.CompleteAsync().ConfigureAwait(false);
        if (pipe.Reader.TryRead(out ReadResult result))
        {
            foreach (ReadOnlyMemory<byte> segment in result.Buffer)
            {
                AppendToCarry(segment.Span);
            }

            pipe.Reader.AdvanceTo(result.Buffer.End);
            _unfinished = 0;
        }

        if (_carried > 0)
        {
            int length = _carried;
            _carried = 0;
            await _queue.CopyAsync(_carry.AsMemory(0, length), isFinished: false, abort).ConfigureAwait(false);
        }
    }

    // Cut off in the middle of a record by an error, a stop, or the end of a format that tells how long a record is.
    private void CountUnfinished()
    {
        if (_carried + _unfinished > 0)
        {
            _context.Metrics.AddDroppedRecords(1);
        }

        _carried = 0;
        _unfinished = 0;
    }

    private ValueTask PublishAsync(ReadOnlyMemory<byte> records, bool isFinished, CancellationToken abort)
    {
        _lastByte = isFinished ? records.Span[^1] : (byte)0;
        if (MemoryMarshal.TryGetMemoryManager(records, out BlockMemory? memory, out int start, out int length))
        {
            _queue.Publish(memory.Block, start, length, isFinished);
            return ValueTask.CompletedTask;
        }

        return _queue.CopyAsync(records, isFinished, abort);
    }

    private int RestOfEnd(ReadOnlySpan<byte> data)
    {
        int rest = _decoder.FindRestOfEnd(_lastByte, data);
        _lastByte = 0;
        return rest;
    }

    private void AppendToCarry(ReadOnlySpan<byte> bytes)
    {
        if (_carry.Length < _carried + bytes.Length)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(_carried + bytes.Length, _carry.Length * 2));
            _carry.AsSpan(0, _carried).CopyTo(larger);
            ReturnCarry();
            _carry = larger;
        }

        bytes.CopyTo(_carry.AsSpan(_carried));
        _carried += bytes.Length;
    }

    private void ReturnCarry()
    {
        if (_carry.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_carry);
            _carry = [];
        }
    }
}
