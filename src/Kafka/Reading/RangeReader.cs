using Confluent.Kafka;

namespace FastStream;

/// <summary>Reads ranges of an earlier run again: exactly their offsets, and nothing else.</summary>
/// <remarks>
/// An offset in a range may have no record: compaction removed it, its transaction was aborted, or it has a marker. A
/// range is complete when the client's position is at its end or behind it, whatever records it found on the way.
/// </remarks>
internal static class RangeReader
{
    private static readonly TimeSpan PollTime = TimeSpan.FromMilliseconds(100);

    /// <summary>Reads the ranges; waits for brokers that do not answer.</summary>
    /// <exception cref="KafkaStreamException">Records are gone.</exception>
    public static IReadOnlyList<KafkaRange> Read(
        KafkaSourceOptions options, string group, IReadOnlyList<KafkaRange> ranges, PrefetchBudget budget,
        BlockPool pool, KafkaEvents events, CancellationToken cancellation)
    {
        KafkaRange[] wanted = [.. ranges.Where(range => range.Until > range.From)];
        var retry = new KafkaRetry();
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            try
            {
                using var reading = new Reading(options, group, budget, pool, events);
                return wanted.Length == 0 ? [] : reading.ReadAll(wanted, cancellation);
            }
            catch (KafkaException error) when (!error.Error.IsFatal && !KafkaErrors.IsFinal(error.Error))
            {
                events.WarnOf(error.Error, "A batch of an earlier run is read again when the brokers answer.");
                retry.Wait(cancellation);
            }
        }
    }

    private sealed class Reading : IDisposable
    {
        private readonly KafkaSourceOptions _options;
        private readonly PrefetchBudget _budget;
        private readonly KafkaEvents _events;
        private readonly RecordCopier _copier;
        private readonly IConsumer<CopiedKey, CopiedValue> _consumer;
        private readonly StartOffsets _offsets;

        public Reading(KafkaSourceOptions options, string group, PrefetchBudget budget, BlockPool pool, KafkaEvents events)
        {
            _options = options;
            _budget = budget;
            _events = events;
            _copier = new RecordCopier(pool);
            ConsumerConfig config = KafkaClientConfig.Consumer(options, group);
            config.EnableAutoCommit = false;
            config.ConsumeResultFields = options.Headers ? "all" : "topic,timestamp";
            _consumer = new ConsumerBuilder<CopiedKey, CopiedValue>(config)
                .SetKeyDeserializer(_copier)
                .SetValueDeserializer(_copier)
                .SetErrorHandler((_, error) => events.WarnOf(error, "The client tries again by itself."))
                .SetLogHandler(static (_, _) => { })
                .Build();
            _offsets = new StartOffsets(_consumer);
        }

        public IReadOnlyList<KafkaRange> ReadAll(KafkaRange[] wanted, CancellationToken cancellation)
        {
            var open = new Dictionary<KafkaPartition, Range>();
            var all = new List<Range>();
            foreach (KafkaRange range in wanted)
            {
                var each = new Range(range, FirstThere(range));
                all.Add(each);
                if (each.Position < range.Until)
                {
                    open.Add(range.Id, each);
                }
            }

            try
            {
                _consumer.Assign(
                    open.Values.Select(each => new TopicPartitionOffset(each.Wanted.Id.Topic, each.Wanted.Id.Partition, each.Position)));
                while (open.Count > 0)
                {
                    cancellation.ThrowIfCancellationRequested();
                    if (_consumer.Consume(PollTime) is { } result)
                    {
                        Take(result, open);
                    }
                }

                return [.. all.Select(each => each.Finish())];
            }
            catch
            {
                foreach (Range each in all)
                {
                    each.Drop();
                }

                throw;
            }
        }

        public void Dispose()
        {
            _copier.Dispose();
            _consumer.Dispose();
        }

        private void Take(ConsumeResult<CopiedKey, CopiedValue> result, Dictionary<KafkaPartition, Range> open)
        {
            var id = new KafkaPartition(result.Topic, result.Partition.Value);
            if (!open.TryGetValue(id, out Range? range))
            {
                return;   // the range is complete; the client still gives records that were on the way
            }

            long offset = result.Offset.Value;
            if (!result.IsPartitionEOF && offset < range.Wanted.Until)
            {
                Message<CopiedKey, CopiedValue> message = result.Message;
                long time = message.Timestamp.Type == TimestampType.NotAvailable ? 0 : message.Timestamp.UnixTimestampMs;
                RawRecord record = _copier.Take(offset, time, message.Headers);
                range.Add(record, _copier.Block, _budget);
                offset++;
            }

            if (offset >= range.Wanted.Until)
            {
                open.Remove(id);
                _consumer.IncrementalUnassign([new TopicPartition(id.Topic, id.Partition)]);
            }
            else if (result.IsPartitionEOF)
            {
                ThrowIfShort(range.Wanted);
            }
        }

        // Records deleted since the batch was cut cannot be read again.
        private long FirstThere(KafkaRange range)
        {
            long low = _offsets.Oldest(range.Id);
            if (low <= range.From)
            {
                return range.From;
            }

            string sentence = LostRange.Sentence(range.Id, range.From, low, low);
            if (_options.LostRanges == KafkaLostRangePolicy.Stop)
            {
                throw new KafkaStreamException(
                    $"{sentence} They belong to a batch of an earlier run ({range}). Bring them back, or set "
                    + "LostRanges to Continue to run it without them.");
            }

            _events.Lost(range.Id, Math.Min(low, range.Until) - range.From,
                $"{sentence} They belong to a batch of an earlier run, which runs without them.");
            return low;
        }

        // The partition may seem to end early while a transaction is open; it really ends early where its end was lost.
        private void ThrowIfShort(KafkaRange range)
        {
            long high = _offsets.Newest(range.Id);
            if (high < range.Until)
            {
                throw new KafkaStreamException(
                    $"{range.Id} ends at offset {high}, and a batch of an earlier run has {range.From} to "
                        + $"{range.Until}: the topic was deleted and recreated, or its end was lost. "
                    + "Begin with another checkpoint directory, or bring the records back.");
            }
        }
    }

    private sealed class Range(KafkaRange wanted, long position)
    {
        private readonly List<RecordSegment> _segments = [];

        public KafkaRange Wanted { get; } = wanted;

        public long Position { get; } = position;

        public void Add(in RawRecord record, Block block, PrefetchBudget budget)
        {
            if (_segments.Count == 0 || _segments[^1].Block != block || !_segments[^1].TryAdd(record))
            {
                if (_segments.Count > 0)
                {
                    _segments[^1].Close();
                }

                _segments.Add(new RecordSegment(block, 512, budget));
                _segments[^1].TryAdd(record);
            }
        }

        /// <summary>Returns the range with its records, which the caller then holds.</summary>
        public KafkaRange Finish()
        {
            if (_segments.Count > 0)
            {
                _segments[^1].Close();
            }

            return Wanted with { Slices = [.. _segments.Select(segment => new RecordSlice(segment, 0, segment.Count))] };
        }

        public void Drop()
        {
            _ = Finish();
            _segments.ForEach(segment => segment.Release());
        }
    }
}
