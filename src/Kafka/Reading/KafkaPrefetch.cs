namespace FastStream;

/// <summary>What was read ahead of all partitions of a stream, and how far batches have come in each.</summary>
/// <remarks>
/// One thread reads and adds, one cuts; the lock guards what they share, and is held for segments and batches, never
/// for a record.
/// </remarks>
internal sealed class KafkaPrefetch(long maxBytes, int blockSizeBytes)
{
    private readonly Lock _lock = new();   // guards the fields below, and the guarded fields of buffers
    private readonly SortedDictionary<KafkaPartition, PartitionBuffer> _partitions = [];
    private Exception? _failure;           // why nothing is read any more

    public PrefetchBudget Budget { get; } = new(maxBytes);

    /// <summary>Blocks for what is read; the budget bounds it.</summary>
    public BlockPool Pool { get; } = new(blockSizeBytes, int.MaxValue);

    /// <summary>Whether an earlier run has said where partitions are.</summary>
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

    /// <summary>Begins a partition at an offset; where a batch or checkpoint has said so before, that counts.</summary>
    /// <returns>The partition's buffer, and where it goes on.</returns>
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

    /// <summary>A batch or checkpoint says where a partition is. Before the reading starts.</summary>
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

    /// <summary>Drops what waits of a partition, and goes on elsewhere. By the reading thread.</summary>
    public void Skip(PartitionBuffer buffer, long next)
    {
        lock (_lock)
        {
            buffer.MoveTo(next);
        }
    }

    /// <summary>Takes a partition out: another program reads it now. By the reading thread.</summary>
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

    /// <summary>Nothing is read any more; the next cut says so.</summary>
    public void Fail(Exception failure)
    {
        lock (_lock)
        {
            _failure ??= failure;
        }
    }

    /// <summary>Takes what waits, up to so many records of each partition, in the order of partitions.</summary>
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

    /// <summary>Where the next batch begins in each partition.</summary>
    public IReadOnlyList<(KafkaPartition Id, long Next)> Positions()
    {
        lock (_lock)
        {
            return [.. _partitions.Values.Select(buffer => (buffer.Id, buffer.Next))];
        }
    }

    /// <summary>The offset behind what was read of a partition. By the reading thread.</summary>
    public long Wanted(PartitionBuffer buffer)
    {
        lock (_lock)
        {
            return buffer.Behind;
        }
    }

    /// <summary>Records of a partition that wait to be cut.</summary>
    public long Waiting(PartitionBuffer buffer)
    {
        lock (_lock)
        {
            return buffer.Waiting;
        }
    }

    /// <summary>Gives back what was read and never cut. When nothing reads or cuts any more.</summary>
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
