namespace FastStream;

/// <summary>
/// Records read ahead from one partition. One thread adds; the cutting thread takes, under the lock of the prefetch.
/// </summary>
internal sealed class PartitionBuffer(KafkaPartition id, Lock mutex, PrefetchBudget budget)
{
    private const int SmallestSegment = 16;
    private const int LargestSegment = 512;

    private readonly Queue<RecordSegment> _segments = [];   // not completely taken; guarded by the mutex
    private RecordSegment? _open;                           // records are added to it; only the adding thread uses it
    private int _capacity = SmallestSegment;                // of the next segment
    private int _taken;                                     // records of the first segment already in batches; guarded
    private long _end = -1;                                 // last known end of the partition; guarded

    public KafkaPartition Id { get; } = id;

    public Utf8Text Topic { get; } = Utf8Text.Intern(id.Topic);

    /// <summary>Where the next batch begins. Guarded by the mutex.</summary>
    public long Next { get; set; }

    /// <summary>
    /// Whether an intent record has the partition's position, so that a start after a crash knows it. Guarded by the
    /// mutex.
    /// </summary>
    public bool IsPlanned { get; set; }

    /// <summary>Adds one record that lies in a block. On the reading thread.</summary>
    public void Add(in RawRecord record, Block block)
    {
        RecordSegment? open = _open;
        if (open is null || open.Block != block || !open.TryAdd(record))
        {
            Open(block).TryAdd(record);
        }
    }

    /// <summary>Notes that everything before this offset was read. On the reading thread.</summary>
    public void SawEnd(long offset)
    {
        lock (mutex)
        {
            _end = offset;
        }
    }

    /// <summary>
    /// Closes the segment if it lies in another block than this one, because an idle partition would otherwise keep its
    /// block. On the reading thread.
    /// </summary>
    public void CloseSegmentOutside(Block block)
    {
        if (_open is not null && _open.Block != block)
        {
            CloseSegment();
        }
    }

    /// <summary>
    /// Closes the segment, because nothing will be added for a while, or ever. On the reading thread.
    /// </summary>
    public void CloseSegment()
    {
        _open?.Close();
        _open = null;
    }

    /// <summary>Records that wait to be cut. Under the mutex.</summary>
    public long Waiting => _segments.Sum(segment => (long)segment.Count) - _taken;

    /// <summary>The offset behind the last record read. Under the mutex, on the reading thread.</summary>
    public long Behind
    {
        get
        {
            RecordSegment? last = _segments.LastOrDefault();
            return last is { Count: > 0 } ? Math.Max(_end, last.Records(last.Count - 1, 1)[0].Offset + 1) : Math.Max(_end, Next);
        }
    }

    /// <summary>Takes at most <paramref name="limit"/> records. Under the mutex.</summary>
    public KafkaRange? Take(long limit)
    {
        long until = Math.Max(Next, _end);
        long left = limit;
        List<RecordSlice>? slices = null;
        bool isAllTaken = true;
        while (_segments.TryPeek(out RecordSegment? segment))
        {
            // A segment that may still grow stays until it is closed and all of it is taken.
            bool isClosed = segment.IsClosed;
            int there = segment.Count;
            int count = (int)Math.Min(there - _taken, left);
            if (count > 0)
            {
                segment.Retain();
                (slices ??= []).Add(new RecordSlice(segment, _taken, count));
                _taken += count;
                left -= count;
            }

            isAllTaken = _taken == there;
            if (!isClosed || !isAllTaken)
            {
                break;
            }

            _segments.Dequeue().Release();
            _taken = 0;
        }

        if (slices is not null)
        {
            RecordSlice last = slices[^1];
            long behind = last.Segment.Records(last.Start + last.Count - 1, 1)[0].Offset + 1;
            until = isAllTaken ? Math.Max(until, behind) : behind;
        }
        else if (!isAllTaken)
        {
            until = Next;
        }

        if (slices is null && until == Next && IsPlanned)
        {
            return null;
        }

        IsPlanned = true;
        long from = Next;
        Next = until;
        return new KafkaRange(Id, from, until) { Topic = Topic, Slices = slices ?? [] };
    }

    /// <summary>
    /// Drops the waiting records and continues at another offset. Under the mutex, on the reading thread.
    /// </summary>
    public void MoveTo(long offset)
    {
        CloseSegment();
        while (_segments.TryDequeue(out RecordSegment? segment))
        {
            segment.Release();
        }

        _taken = 0;
        _end = -1;
        Next = offset;
        IsPlanned = false;
    }

    private RecordSegment Open(Block block)
    {
        if (_open is { } full)
        {
            int count = full.Count;
            _capacity = Math.Clamp(count == full.Capacity ? count * 2 : count, SmallestSegment, LargestSegment);
            full.Close();
        }

        _open = new RecordSegment(block, _capacity, budget);
        lock (mutex)
        {
            _segments.Enqueue(_open);
        }

        return _open;
    }
}

/// <summary>Consecutive records of a segment; its owner holds the segment.</summary>
internal readonly record struct RecordSlice(RecordSegment Segment, int Start, int Count);
