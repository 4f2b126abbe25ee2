using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.InteropServices;

namespace FastStream;

/// <summary>
/// Receives the bytes of one connection through a <see cref="Pipe"/> and publishes complete records after every
/// receive, so that a batch cut at any moment has everything that has arrived.
/// </summary>
/// <remarks>
/// <code>
/// pipe memory (a block):  | published ........ | whole records | unfinished | free |
///                                              published now ^   waits ^      ^ next receive
/// </code>
/// Only the trailing partial record of a full block is copied, into the remainder. There it waits for its end; when it
/// then fills the remainder's block well, it is published from there. Belongs to one loop; not thread safe.
/// </remarks>
/// <param name="queue">Where records are published.</param>
/// <param name="decoder">Finds the ends of records.</param>
/// <param name="oversized">Handles records that are too long.</param>
/// <param name="limiter">Limits the rate of records; null for no limit.</param>
/// <param name="blocks">Blocks to receive into and publish in place; null to receive into small buffers and copy
/// records out of them.</param>
internal sealed class RecordReader<T>(ByteQueue<T> queue, IRecordDecoder<T> decoder, OversizedRecords oversized,
    RateLimiter? limiter, BlockPool? blocks)
{
    private const int SmallestReceiveBytes = 2048;   // a block with less room than this counts as full
    // for connections that do not receive into blocks, and for the first search for the end of the remainder's record
    private const int SmallBufferBytes = 4096;

    private const int LongPart = 8;                 // a remainder of more than 1/8 of a block keeps its own block

    private readonly int _limitBytes = new RecordLimit<T>(decoder, oversized.MaxRecordBytes).FrameBytes;
    private readonly BlockMemoryPool? _memory = blocks is null ? null : new BlockMemoryPool(blocks);
    private readonly int _smallestReceive = blocks is null ? 1 : Math.Min(SmallestReceiveBytes, blocks.BlockSizeBytes / 4);
    private readonly RemainderBuffer _remainder = queue.Blocks.NewCarry(oversized.MaxRecordBytes, hasOwnPiece: blocks is null);
    private int _unfinished;                         // bytes of a partial record in the pipe
    private int _unpaid;                             // published records that the limiter has not counted yet
    private byte _lastByte;                          // last byte of the previous record; 0 where it cannot be half of a line end
    private bool _hasEnded;                          // a record ended since the last receive
    private bool _isAtStart = decoder is ITextDecoder; // whether a byte order mark may still come
    private bool _skipping;                          // inside an oversized record whose rest is skipped

    /// <summary>Whether any byte was received.</summary>
    public bool HasReceived { get; private set; }

    /// <summary>
    /// Receives until the source ends or receiving must stop. A trailing partial record at the source's end counts
    /// where the decoder accepts it; otherwise it is dropped and counted as dropped.
    /// </summary>
    /// <param name="source">Where bytes come from.</param>
    /// <param name="available">Gives how many bytes the system holds for the source now: they are still received after
    /// a stop. Null where that is not known.</param>
    /// <param name="watch">Ends receiving, but not the publishing of what was received.</param>
    /// <param name="abort">Ends everything.</param>
    /// <exception cref="InvalidDataException">The bytes are not records; the connection cannot continue.</exception>
    /// <exception cref="StreamingException">A record is too long, and the policy is to fail.</exception>
    public async Task ReceiveAsync(Stream source, Func<int>? available, IdleWatch watch, CancellationToken abort)
    {
        // No threshold, so a flush never waits: received bytes are taken out at once, and the pool and the remainder
        // set the bounds.
        var pipe = new Pipe(new PipeOptions(
            _memory ?? MemoryPool<byte>.Shared, PipeScheduler.Inline, PipeScheduler.Inline, pauseWriterThreshold: 0,
            resumeWriterThreshold: 0, SmallBufferBytes, useSynchronizationContext: false));
        _remainder.OnRefused(watch.Refuse);
        try
        {
            bool ended = await ReceiveAsync(pipe, source, watch, long.MaxValue, watch.Token, abort).ConfigureAwait(false);
            if (!ended && available is not null)
            {
                ended = await ReceiveAsync(pipe, source, watch, available(), abort, abort).ConfigureAwait(false);
            }

            _remainder.ThrowIfRefused();
            if (ended && decoder.AcceptsUnfinishedEnd)
            {
                await PublishUnfinishedAsync(pipe, abort).ConfigureAwait(false);
            }
        }
        finally
        {
            if (_remainder.Count + _unfinished > 0)
            {
                // An error, a stop, or the end of a source whose format states a record's length has cut the record off
                // in the middle.
                oversized.CountDropped();
            }

            await pipe.Writer.CompleteAsync().ConfigureAwait(false);
            await pipe.Reader.CompleteAsync().ConfigureAwait(false);
            _memory?.Dispose();
            _remainder.Dispose();
        }
    }

    /// <summary>
    /// Receives up to about <paramref name="most"/> bytes; true if the source ended, false after that many or at a
    /// stop.
    /// </summary>
    private async ValueTask<bool> ReceiveAsync(Pipe pipe, Stream source, IdleWatch watch, long most,
        CancellationToken stop, CancellationToken abort)
    {
        bool hasRoom = false;
        while (most > 0)
        {
            int received;
            Memory<byte> memory;
            try
            {
                if (!await PrepareAsync(hasRoom, mayWait: most == long.MaxValue, stop).ConfigureAwait(false))
                {
                    return false;
                }

                memory = pipe.Writer.GetMemory(_smallestReceive);
                watch.BeginReceive(isInRecord: _skipping || _remainder.Count + _unfinished > 0, isNew: _hasEnded);
                _hasEnded = false;
                received = await source.ReadAsync(memory, stop).ConfigureAwait(false);
                watch.EndReceive();
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested && !abort.IsCancellationRequested)
            {
                return false;
            }

            if (received == 0)
            {
                return true;
            }

            HasReceived = true;
            most -= most == long.MaxValue ? 0 : received;
            pipe.Writer.Advance(received);
            await pipe.Writer.FlushAsync(abort).ConfigureAwait(false);
            hasRoom = memory.Length - received >= _smallestReceive;
            await TakeRecordsAsync(pipe, hasRoom, abort).ConfigureAwait(false);
        }

        return false;
    }

    // Waits for the rate limit and for a block. After a stop there may be no more batches that return blocks: then only
    // free blocks are used.
    private ValueTask<bool> PrepareAsync(bool hasRoom, bool mayWait, CancellationToken stop)
    {
        bool pays = _unpaid > 0 && mayWait;
        bool hasBlock = hasRoom || _memory is null || _memory.TryReserve();
        return !pays && (hasBlock || !mayWait) ? ValueTask.FromResult(hasBlock) : WaitAsync();

        async ValueTask<bool> WaitAsync()
        {
            _remainder.IsBackpressured = true;
            try
            {
                if (pays)
                {
                    await limiter!.AcquireAsync(_unpaid, stop).ConfigureAwait(false);
                    _unpaid = 0;
                }

                if (!hasBlock)
                {
                    await _memory!.ReserveAsync(stop).ConfigureAwait(false);
                }

                return true;
            }
            finally
            {
                _remainder.IsBackpressured = false;
            }
        }
    }

    private async ValueTask TakeRecordsAsync(Pipe pipe, bool hasRoom, CancellationToken abort)
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

                await _remainder.AppendAsync(segment[taken..], abort).ConfigureAwait(false);
                at = buffer.GetPosition(segment.Length - taken, at);
            }
        }

        if (hasRoom)
        {
            // A pipe releases a block whose bytes are all consumed unless somebody writes: this keeps the free rest of
            // the block in use.
            pipe.Writer.GetMemory(_smallestReceive);
        }

        pipe.Reader.AdvanceTo(at, buffer.End);
    }

    /// <summary>Publishes the complete records of newly received bytes; returns the number of bytes consumed.</summary>
    private async ValueTask<int> TakeAsync(ReadOnlyMemory<byte> data, CancellationToken abort)
    {
        int at = 0;
        if (_isAtStart && !TryPassMark(data.Span, out at))
        {
            return 0;
        }

        while (at < data.Length)
        {
            if (_skipping)
            {
                int end = decoder.FindFirst(data.Span[at..]);
                at = end == 0 ? data.Length : at + end;
                _skipping = end == 0;
                _hasEnded |= end > 0;
                _lastByte = end == 0 ? (byte)0 : data.Span[at - 1];
                continue;
            }

            if (_remainder.Count > 0)
            {
                at += await TakeRemainderAsync(data[at..], abort).ConfigureAwait(false);
                continue;
            }

            at += decoder.FindRestOfEnd(_lastByte, data.Span[at..]);
            _lastByte = 0;
            int window = Math.Min(data.Length - at, _limitBytes);
            int whole = decoder.FindLast(data.Span.Slice(at, window));
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
                int kept = HandleOversized(data.Span.Slice(at, window));
                if (kept > 0)
                {
                    await PublishAsync(data.Slice(at, kept), isFinished: false, abort).ConfigureAwait(false);
                }

                at += window;
            }
        }

        return at;
    }

    // False where the bytes may be the beginning of a mark. They stay in the pipe: its first memory has room for more.
    private bool TryPassMark(ReadOnlySpan<byte> start, out int length)
    {
        length = 0;
        if (start.Length < ByteOrderMark.Utf8.Length && ByteOrderMark.Utf8.StartsWith(start))
        {
            return false;
        }

        length = ByteOrderMark.LengthIn(start, decoder);
        _isAtStart = false;
        return true;
    }

    /// <summary>
    /// Looks for the end of the remainder's record in the new bytes, a growing piece at a time; returns the number of
    /// bytes it took.
    /// </summary>
    private async ValueTask<int> TakeRemainderAsync(ReadOnlyMemory<byte> data, CancellationToken abort)
    {
        int taken = 0;
        for (int look = SmallBufferBytes; taken < data.Length; look *= 4)
        {
            int before = _remainder.Count;
            int more = Math.Min(Math.Min(look, data.Length - taken), _limitBytes - before);
            await _remainder.AppendAsync(data.Slice(taken, more), abort).ConfigureAwait(false);
            int end = decoder.FindFirst(_remainder.Span, before);
            if (end > 0)
            {
                await PublishRemainderAsync(end, isFinished: true, abort).ConfigureAwait(false);
                return taken + end - before;
            }

            taken += more;
            if (_remainder.Count >= _limitBytes)
            {
                int kept = HandleOversized(_remainder.Span);
                await PublishRemainderAsync(kept, isFinished: false, abort).ConfigureAwait(false);
                return taken;
            }
        }

        return taken;
    }

    // Returns how many of its bytes still become a record.
    private int HandleOversized(ReadOnlySpan<byte> start)
    {
        int kept = oversized.Handle(start, endIsFindable: decoder.AcceptsUnfinishedEnd);
        _skipping = true;
        return kept;
    }

    private async ValueTask PublishUnfinishedAsync(Pipe pipe, CancellationToken abort)
    {
        // The pipe gives examined bytes again only when nothing more can come.
        await pipe.Writer.CompleteAsync().ConfigureAwait(false);
        if (pipe.Reader.TryRead(out ReadResult result))
        {
            foreach (ReadOnlyMemory<byte> segment in result.Buffer)
            {
                await _remainder.AppendAsync(segment, abort).ConfigureAwait(false);
            }

            pipe.Reader.AdvanceTo(result.Buffer.End);
            _unfinished = 0;
        }

        if (_remainder.Count > 0)
        {
            await PublishRemainderAsync(_remainder.Count, isFinished: false, abort).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Publishes the first bytes of the remainder and empties it. A record that fills its block well stays there; a
    /// short one is copied where there is room, so that many share a block.
    /// </summary>
    private async ValueTask PublishRemainderAsync(int length, bool isFinished, CancellationToken abort)
    {
        if (length > 0)
        {
            CountPublished(_remainder.Span[..length], isFinished);
            Block? own = _remainder.Publishable;
            bool stays = own is not null && length > queue.Blocks.BlockSizeBytes / LongPart && length > own.Length / 2;
            if (stays || !queue.TryCopy(_remainder.Span[..length], isFinished))
            {
                if (own is not null)
                {
                    queue.Publish(own, 0, length, isFinished);
                }
                else
                {
                    await queue.CopyAsync(_remainder.Memory[..length], isFinished, abort).ConfigureAwait(false);
                }
            }
        }

        _remainder.Clear();
    }

    private ValueTask PublishAsync(ReadOnlyMemory<byte> records, bool isFinished, CancellationToken abort)
    {
        CountPublished(records.Span, isFinished);
        if (MemoryMarshal.TryGetMemoryManager(records, out BlockMemory? memory, out int start, out int length))
        {
            queue.Publish(memory.Block, start, length, isFinished);
            return ValueTask.CompletedTask;
        }

        return queue.CopyAsync(records, isFinished, abort);
    }

    private void CountPublished(ReadOnlySpan<byte> records, bool isFinished)
    {
        _lastByte = isFinished ? records[^1] : (byte)0;
        _hasEnded |= isFinished;
        _unpaid += limiter is null ? 0 : Count(records);
    }

    // Counts records only under a limit: without one, counting costs nothing.
    private int Count(ReadOnlySpan<byte> records)
    {
        int count = 0;
        for (int end; !records.IsEmpty; records = end == 0 ? default : records[end..])
        {
            end = decoder.FindFirst(records);
            count++;
        }

        return count;
    }
}
