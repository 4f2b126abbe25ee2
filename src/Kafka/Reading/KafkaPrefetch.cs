namespace FastStream;

/// <summary>The records read ahead from all partitions of a stream, and where the next batch begins in each.</summary>
/// <remarks>
/// One thread reads and adds, one cuts; the lock guards what they share. It is taken for each segment and batch, never
/// for a record.
/// </remarks>
internal sealed class KafkaPrefetch(long maxBytes, int blockSizeBytes)
{
    private readonly Lock _lock = new();   // guards the fields below, and the guarded fields of buffers
    private readonly SortedDictionary<KafkaPartition, PartitionBuffer> _partitions = [];
    private Exception? _failure;           // why nothing is read any more

    public PrefetchBudget Budget { get; } = new(maxBytes);

    /// <summary>Blocks for records read; the budget bounds it.</summary>
    public BlockPool Pool { get; } = new(blockSizeBytes, int.MaxValue);

    /// <summary>Whether positions from an earlier run were restored.</summary>
    public bool WasRestored { get; private set; }

    /// <summary>Whether nothing is read any more.</summary>
    public bool HasFailed
    {
        get
        {
            lock (_lock)
            {
                return _failure is not null;
            }
        }
    }

    /// <summary>Begins a partition at an offset; a position from a batch or checkpoint takes precedence.</summary>
    /// <returns>The partition's buffer, and the next offset to read.</returns>
    public (PartitionBuffer Buffer, long Next) Begin(KafkaPartition id, Func<long> start)
    {
        lock (_lock)
        {
            if (_partitions.TryGetValue(id, out PartitionBuffer? known))
            {
                return (known, known.Next);
            }
        }

        long next = start();   // may ask a broker
        lock (_lock)
        {
            var buffer = new PartitionBuffer(id, _lock, Budget) { Next = next };
            _partitions.Add(id, buffer);
            return (buffer, next);
        }
    }

    /// <summary>Sets the position of a partition from a batch or checkpoint. Call it before reading starts.</summary>
    public void MoveTo(KafkaPartition id, long next)
    {
        lock (_lock)
        {
            if (!_partitions.TryGetValue(id, out PartitionBuffer? buffer))
            {
                _partitions.Add(id, buffer = new PartitionBuffer(id, _lock, Budget));
            }

            buffer.Next = next;
            buffer.IsPlanned = true;
            WasRestored = true;
        }
    }

    /// <summary>Drops a partition's waiting records and continues at another offset. On the reading thread.</summary>
    public void Skip(PartitionBuffer buffer, long next)
    {
        lock (_lock)
        {
            buffer.MoveTo(next);
        }
    }

    /// <summary>Removes a partition, because another program reads it now. On the reading thread.</summary>
    public void Remove(KafkaPartition id)
    {
        lock (_lock)
        {
            if (_partitions.Remove(id, out PartitionBuffer? buffer))
            {
                buffer.MoveTo(0);
            }
        }
    }

    /// <summary>Ends with a failure: nothing is read any more, and the next cut throws it.</summary>
    public void Fail(Exception failure)
    {
        lock (_lock)
        {
            _failure ??= failure;
        }
    }

    /// <summary>
    /// Takes the waiting records, at most <paramref name="limit"/> of each partition, in the order of partitions.
    /// </summary>
    public IReadOnlyList<KafkaRange> Cut(long limit)
    {
        lock (_lock)
        {
            List<KafkaRange>? ranges = null;
            foreach (PartitionBuffer buffer in _partitions.Values)
            {
                if (buffer.Take(limit) is { } range)
                {
                    (ranges ??= []).Add(range);
                }
            }

            if (ranges is null && _failure is { } failure)
            {
                throw failure;
            }

            return ranges ?? [];
        }
    }

    /// <summary>Returns where the next batch begins in each partition.</summary>
    public IReadOnlyList<(KafkaPartition Id, long Next)> Positions()
    {
        lock (_lock)
        {
            return [.. _partitions.Values.Select(buffer => (buffer.Id, buffer.Next))];
        }
    }

    /// <summary>Returns the offset behind the records read from a partition. On the reading thread.</summary>
    public long Wanted(PartitionBuffer buffer)
    {
        lock (_lock)
        {
            return buffer.Behind;
        }
    }

    /// <summary>Counts a partition's records that wait to be cut.</summary>
    public long Waiting(PartitionBuffer buffer)
    {
        lock (_lock)
        {
            return buffer.Waiting;
        }
    }

    /// <summary>Releases records that were read and never cut. Call it when nothing reads or cuts any more.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            foreach (PartitionBuffer buffer in _partitions.Values)
            {
                buffer.MoveTo(buffer.Next);
            }
        }
    }
}
