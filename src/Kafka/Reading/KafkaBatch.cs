using System.Globalization;

namespace FastStream;

/// <summary>
/// One batch of a Kafka stream: a range of each partition that has new records, either already read ahead, or to be
/// read again.
/// </summary>
internal sealed class KafkaBatch<TKey, TValue> : InputBatch<KafkaRecord<TKey, TValue>>
{
    private readonly KafkaDecoder<TKey, TValue> _decoder;
    private readonly KafkaPartitioning _partitioning;
    private readonly Lock _lock = new();                             // guards reading again
    private readonly Func<IReadOnlyList<KafkaRange>>? _readAgain;
    private IReadOnlyList<KafkaRange>? _read;                        // with records; null before they are read again
    private long _count = -1;

    public KafkaBatch(IReadOnlyList<KafkaRange> ranges, KafkaDecoder<TKey, TValue> decoder,
        KafkaPartitioning partitioning, Func<IReadOnlyList<KafkaRange>>? readAgain)
    {
        Ranges = ranges;
        _decoder = decoder;
        _partitioning = partitioning;
        _readAgain = readAgain;
        if (readAgain is null)
        {
            _read = ranges;
            _count = ranges.Sum(range => range.Count);
        }
    }

    /// <summary>The ranges that the batch covers.</summary>
    public IReadOnlyList<KafkaRange> Ranges { get; }

    public override long RecordCount => Interlocked.Read(ref _count);

    public override string? Description
    {
        get
        {
            KafkaRange[] some = [.. Ranges.Where(range => range.Until > range.From).Take(9)];
            return some.Length == 0
                ? null
                : string.Join(", ",
                    some.Take(8).Select(range => string.Create(CultureInfo.InvariantCulture, $"{range.Id} {range.From}..{range.Until}")))
                        + (some.Length > 8 ? ", …" : "");
        }
    }

    public override void Run(int partition, int partitionCount, RecordBuffer<KafkaRecord<TKey, TValue>> output)
    {
        ArgumentNullException.ThrowIfNull(output);
        IReadOnlyList<KafkaRange> ranges = Read();
        if (_partitioning == KafkaPartitioning.OneToOne)
        {
            foreach (KafkaRange range in ranges)
            {
                if (KafkaDecoder<TKey, TValue>.PlaceOf(range.Id) % partitionCount == partition)
                {
                    Run(range, 0, range.Count, output);
                }
            }

            return;
        }

        long start = StartOf(partition, partitionCount);
        long end = StartOf(partition + 1, partitionCount);
        foreach (KafkaRange range in ranges)
        {
            long count = range.Count;
            Run(range, Math.Clamp(start, 0, count), Math.Clamp(end, 0, count), output);
            start -= count;
            end -= count;
        }
    }

    protected override void Dispose(bool disposing)
    {
        foreach (KafkaRange range in _read ?? [])
        {
            foreach (RecordSlice slice in range.Slices)
            {
                slice.Segment.Release();
            }
        }

        _read = [];
    }

    private void Run(KafkaRange range, long from, long to, RecordBuffer<KafkaRecord<TKey, TValue>> output)
    {
        foreach (RecordSlice slice in range.Slices)
        {
            if (to <= 0)
            {
                return;
            }

            int first = (int)Math.Min(from, slice.Count);
            int last = (int)Math.Min(to, slice.Count);
            if (first < last)
            {
                _decoder.Decode(range, slice.Segment.Block, slice.Segment.Records(slice.Start + first, last - first), output);
            }

            from = Math.Max(0, from - slice.Count);
            to -= slice.Count;
        }
    }

    // The first partition that comes here reads; the others wait for it.
    private IReadOnlyList<KafkaRange> Read()
    {
        if (Volatile.Read(ref _read) is { } read)
        {
            return read;
        }

        lock (_lock)
        {
            if (_read is null)
            {
                IReadOnlyList<KafkaRange> again = _readAgain!();
                Interlocked.Exchange(ref _count, again.Sum(range => range.Count));
                Volatile.Write(ref _read, again);
            }

            return _read;
        }
    }

    private long StartOf(int partition, int partitionCount) => (long)((Int128)_count * partition / partitionCount);
}
