namespace FastStream;

/// <summary>What was read ahead of one partition. One thread adds; whoever cuts takes, under the lock of the prefetch.</summary>
internal sealed class PartitionBuffer(KafkaPartition id, Lock mutex, PrefetchBudget budget)
{
    private const int SmallestSegment = 16;
    private const int LargestSegment = 512;

    private readonly Queue<RecordSegment> _segments = [];   // not wholly taken; guarded by the mutex
    private RecordSegment? _open;                           // the one that is added to; the adding thread's
    private int _capacity = SmallestSegment;                // of the next segment
    private int _taken;                                     // records of the first segment that batches have; guarded
    private long _end = -1;                                 // where the partition was seen to end; guarded

    public KafkaPartition Id { get; } = id;

    public Utf8Text Topic { get; } = Utf8Text.Intern(id.Topic);

    /// <summary>Where the next batch begins. Guarded by the mutex.</summary>
    public long Next { get; set; }

    /// <summary>Whether a plan has said where the partition is, so that a start after a crash knows. Guarded by the mutex.</summary>
    public bool IsPlanned { get; set; }

    /// <summary>Adds one record that lies in a block. By the reading thread.</summary>
    public void Add(in RawRecord record, Block block)
    {
        RecordSegment? open = _open;
        if (open is null || open.Block != block || !open.TryAdd(record))
        {
            Open(block).TryAdd(record);
        }
    }

    /// <summary>There is nothing before this offset that was not read. By the reading thread.</summary>
    public void SawEnd(long offset)
    {
        lock (mutex)
        {
            _end = offset;
        }
    }

    /// <summary>
    /// What lies in another block than this one is added to no more: an idle partition would keep its block. By the
    /// reading thread.
    /// </summary>
    public void CloseSegmentOutside(Block block)
    {
        if (_open is not null && _open.Block != block)
        {
            CloseSegment();
        }
    }

    /// <summary>Nothing is added any more, or not for a while. By the reading thread.</summary>
    public void CloseSegment()
    {
        _open?.Close();
        _open = null;
    }

    /// <summary>Records that wait to be cut. Under the mutex.</summary>
    public long Waiting => _segments.Sum(segment => (long)segment.Count) - _taken;

    /// <summary>The offset behind what was read. Under the mutex, by the reading thread.</summary>
    public long Behind
    {
        get
        {
            RecordSegment? last = _segments.LastOrDefault();
            return last is { Count: > 0 } ? Math.Max(_end, last.Records(last.Count - 1, 1)[0].Offset + 1) : Math.Max(_end, Next);
        }
    }

    /// <summary>Takes up to so many records. Under the mutex.</summary>
    public KafkaRange? Take(long limit)
    {
        long until = Math.Max(Next, _end);
        long left = limit;
        List<RecordSlice>? slices = null;
        bool isAllTaken = true;
        while (_segments.TryPeek(out RecordSegment? segment))
        {
            // One that may still grow stays until it is closed and all of it is taken.
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

    /// <summary>Drops what waits, and goes on elsewhere. Under the mutex, by the reading thread.</summary>
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

/// <summary>Some records in a row of a segment, held.</summary>
internal readonly record struct RecordSlice(RecordSegment Segment, int Start, int Count);
