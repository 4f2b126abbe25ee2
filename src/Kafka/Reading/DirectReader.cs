using System.Collections.Concurrent;
using Confluent.Kafka;

namespace FastStream;

/// <summary>Reads all partitions of a direct stream ahead, on a thread of its own: no group decides what it reads.</summary>
internal sealed class DirectReader : IDisposable
{
    private const int RecordsBetweenLooks = 1024;

    private static readonly TimeSpan RoomWait = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(10);

    private readonly KafkaSourceOptions _options;
    private readonly KafkaPrefetch _prefetch;
    private readonly KafkaEvents _events;
    private readonly RecordCopier _copier;
    private readonly IConsumer<CopiedKey, CopiedValue> _consumer;
    private readonly StartOffsets _starts;
    private readonly long _mostWaiting;                             // records of a partition; beyond it is paused
    private readonly Dictionary<KafkaPartition, PartitionBuffer> _assigned = [];
    private readonly HashSet<KafkaPartition> _paused = [];
    private readonly ConcurrentQueue<IReadOnlyList<KafkaPartition>> _found = new();
    private readonly ConcurrentDictionary<KafkaPartition, long> _mirrored = new();   // offsets of batches that are done, for the group
    private readonly CancellationTokenSource _stop = new();
    private readonly Thread _thread;
    private volatile bool _hasBegun;                                // the partitions of the start are assigned
    private PartitionBuffer? _last;                                 // of the record that came last
    private Block? _lastBlock;

    public DirectReader(KafkaSourceOptions options, string group, KafkaPrefetch prefetch, long limit, KafkaEvents events)
    {
        _options = options;
        _prefetch = prefetch;
        _events = events;
        _mostWaiting = limit == long.MaxValue ? limit : 1000 + (4 * limit);
        _copier = new RecordCopier(prefetch.Pool);
        _consumer = new ConsumerBuilder<CopiedKey, CopiedValue>(KafkaClientConfig.Consumer(options, group))
            .SetKeyDeserializer(_copier)
            .SetValueDeserializer(_copier)
            .SetErrorHandler((_, error) => OnError(error))
            .SetLogHandler(static (_, _) => { })
            .SetOffsetsCommittedHandler((_, committed) => events.MirrorFailed(committed))
            .Build();
        _starts = new StartOffsets(_consumer);
        _thread = new Thread(Run) { IsBackground = true, Name = "FastStream Kafka" };
    }

    public IConsumer<CopiedKey, CopiedValue> Consumer => _consumer;

    /// <summary>Whether the partitions that were there at the start are read.</summary>
    public bool HasBegun => _hasBegun;

    /// <summary>Partitions that are read now.</summary>
    public IReadOnlyCollection<KafkaPartition> Assigned
    {
        get
        {
            lock (_assigned)
            {
                return [.. _assigned.Keys];
            }
        }
    }

    public void Start() => _thread.Start();

    /// <summary>New partitions of what the stream reads were found. From any thread.</summary>
    public void Found(IReadOnlyList<KafkaPartition> partitions) => _found.Enqueue(partitions);

    /// <summary>Batches up to these ends are done: the group is told, some time later. From any thread.</summary>
    public void Mirror(IReadOnlyList<KafkaRange> done)
    {
        foreach (KafkaRange range in done)
        {
            _mirrored[range.Id] = range.Until;
        }
    }

    /// <summary>Ends the reading; what was read stays.</summary>
    public void Stop()
    {
        _stop.Cancel();
        if (_thread.IsAlive)
        {
            _thread.Join();
        }
    }

    public void Dispose()
    {
        Stop();
        _copier.Dispose();
        try
        {
            StoreMirrored();
            _consumer.Close();   // commits what was mirrored
        }
        catch (KafkaException error)
        {
            _events.Warn($"The consumer did not close: {error.Error.Reason}", error);
        }

        _stop.Dispose();
    }

    private void Run()
    {
        try
        {
            if (Connect())
            {
                Read();
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
        }
        catch (Exception error)
        {
            _prefetch.Fail(error);
        }
        finally
        {
            lock (_assigned)
            {
                foreach (PartitionBuffer buffer in _assigned.Values)
                {
                    buffer.CloseSegment();
                }
            }
        }
    }

    // Brokers that are not there yet are waited for; a topic that is not there gets a little time, as brokers hear of topics one after another.
    private bool Connect()
    {
        using IAdminClient admin = new DependentAdminClientBuilder(_consumer.Handle).Build();
        var topics = new KafkaTopics(admin, _options);
        TimeSpan wait = TimeSpan.FromMilliseconds(100);
        for (int attempt = 1; !_stop.IsCancellationRequested; attempt++)
        {
            try
            {
                Begin(topics.Find(), isFirst: true);
                _hasBegun = true;
                return true;
            }
            catch (KafkaTopicException error) when (!error.IsFinal && attempt <= 5)
            {
                _events.Warn($"{error.Message} It is looked for again.", error);
            }
            catch (KafkaException error) when (!KafkaErrors.IsFinal(error.Error))
            {
                _events.Warn($"{_options.BootstrapServers}: {error.Error.Reason}. Reading begins when the brokers answer.", error);
            }

            _ = _consumer.Consume(0);   // lets the client tell of errors, such as credentials that are refused
            if (_prefetch.HasFailed)
            {
                return false;
            }

            _stop.Token.WaitHandle.WaitOne(wait);
            wait = TimeSpan.FromTicks(Math.Min(wait.Ticks * 2, LongestRetry.Ticks));
        }

        return false;
    }

    private void Begin(IReadOnlyList<KafkaPartition> partitions, bool isFirst)
    {
        bool isFound = !isFirst || _prefetch.WasRestored;
        var assign = new List<TopicPartitionOffset>();
        try
        {
            foreach (KafkaPartition id in partitions.Where(id => !_assigned.ContainsKey(id)))
            {
                KafkaStart start = isFound ? KafkaStart.Earliest : _options.StartFrom;
                (PartitionBuffer buffer, long next) = _prefetch.Begin(id, () => _starts.Of(id, start));
                lock (_assigned)
                {
                    _assigned.Add(id, buffer);
                }

                assign.Add(new TopicPartitionOffset(id.Topic, id.Partition, next));
            }
        }
        finally
        {
            // Where a broker did not answer for one of them, the others are read all the same.
            if (assign.Count > 0)
            {
                _consumer.IncrementalAssign(assign);
            }
        }
    }

    private void BeginFound(IReadOnlyList<KafkaPartition> found)
    {
        try
        {
            Begin(found, isFirst: false);
        }
        catch (KafkaException error) when (!KafkaErrors.IsFinal(error.Error))
        {
            _events.WarnOf(error.Error, "New partitions are looked for later.");
        }
    }

    private void Read()
    {
        CancellationToken stop = _stop.Token;
        while (!stop.IsCancellationRequested)
        {
            while (_found.TryDequeue(out IReadOnlyList<KafkaPartition>? found))
            {
                BeginFound(found);
            }

            StoreMirrored();
            if (_prefetch.Budget.IsFull)
            {
                _prefetch.Budget.Wait(RoomWait, stop);
                continue;
            }

            Drain();
            if (_mostWaiting != long.MaxValue)
            {
                PauseAndResume();
            }
        }
    }

    // The client commits what is stored, now and then, by itself.
    private void StoreMirrored()
    {
        foreach ((KafkaPartition id, long offset) in _mirrored)
        {
            if (_assigned.ContainsKey(id) && _mirrored.TryRemove(new KeyValuePair<KafkaPartition, long>(id, offset)))
            {
                _consumer.StoreOffset(new TopicPartitionOffset(id.Topic, id.Partition, offset));
            }
        }
    }

    private void Drain()
    {
        for (int i = 0; i < RecordsBetweenLooks; i++)
        {
            ConsumeResult<CopiedKey, CopiedValue>? result;
            try
            {
                result = _consumer.Consume(i == 0 ? 100 : 0);
            }
            catch (ConsumeException error)
            {
                OnConsumeError(error);
                return;
            }

            if (result is null)
            {
                return;
            }

            Take(result);
        }
    }

    private void Take(ConsumeResult<CopiedKey, CopiedValue> result)
    {
        PartitionBuffer buffer = BufferOf(result.TopicPartitionOffset.Topic, result.Partition.Value);
        if (result.IsPartitionEOF)
        {
            buffer.SawEnd(result.Offset.Value);
            return;
        }

        Message<CopiedKey, CopiedValue> message = result.Message;
        RawRecord record = _copier.Take(result.Offset.Value, message.Timestamp.Type == TimestampType.NotAvailable ? 0 : message.Timestamp.UnixTimestampMs, message.Headers);
        Block block = _copier.Block;
        if (block != _lastBlock)
        {
            _lastBlock = block;
            foreach (PartitionBuffer each in _assigned.Values)
            {
                each.CloseSegmentOutside(block);
            }
        }

        buffer.Add(record, block);
    }

    // The topic is not said where there is only one.
    private PartitionBuffer BufferOf(string? topic, int partition)
    {
        PartitionBuffer? last = _last;
        if (last is not null && last.Id.Partition == partition && (topic is null || topic == last.Id.Topic))
        {
            return last;
        }

        return _last = _assigned[new KafkaPartition(topic ?? _options.Topics[0], partition)];
    }

    private void PauseAndResume()
    {
        foreach ((KafkaPartition id, PartitionBuffer buffer) in _assigned)
        {
            long waiting = _prefetch.Waiting(buffer);
            if (waiting > _mostWaiting && _paused.Add(id))
            {
                _consumer.Pause([new TopicPartition(id.Topic, id.Partition)]);
            }
            else if (waiting < _mostWaiting / 2 && _paused.Remove(id))
            {
                _consumer.Resume([new TopicPartition(id.Topic, id.Partition)]);
            }
        }
    }

    private void OnConsumeError(ConsumeException error)
    {
        TopicPartitionOffset place = error.ConsumerRecord.TopicPartitionOffset;
        if (KafkaErrors.IsLostRange(error.Error))
        {
            OnLost(BufferOf(place.Topic, place.Partition.Value), error);
        }
        else if (error.Error.IsFatal || KafkaErrors.IsFinal(error.Error))
        {
            throw new KafkaStreamException($"{place.Topic ?? string.Join(", ", _options.Topics)} cannot be read: {error.Error.Reason}.", error);
        }
        else
        {
            _events.WarnOf(error.Error, "Reading goes on by itself when the brokers answer.");
        }
    }

    // The offset that was asked for is not there: retention has passed it, or the topic was made anew and is shorter.
    private void OnLost(PartitionBuffer buffer, ConsumeException error)
    {
        TopicPartition partition = new(buffer.Id.Topic, buffer.Id.Partition);
        long wanted = _prefetch.Wanted(buffer);
        WatermarkOffsets there;
        try
        {
            there = _starts.Watermarks(buffer.Id);
        }
        catch (KafkaException unanswered) when (!KafkaErrors.IsFinal(unanswered.Error))
        {
            _events.WarnOf(unanswered.Error, "What is there of the partition is asked again.");
            _stop.Token.WaitHandle.WaitOne(RoomWait);
            AssignAgain(partition, wanted);
            return;
        }

        string sentence = LostRange.Sentence(buffer.Id, wanted, there.Low.Value, there.High.Value);
        if (_options.LostRanges == KafkaLostRangePolicy.Stop)
        {
            throw new KafkaStreamException($"{sentence} Bring the records back, or set LostRanges to Continue to go on without them.", error);
        }

        _events.Lost(buffer.Id, Math.Max(0, there.Low.Value - wanted), $"{sentence} Reading goes on at offset {there.Low.Value}.");
        if (there.High.Value < wanted)
        {
            _prefetch.Skip(buffer, there.Low.Value);
        }

        AssignAgain(partition, there.Low);
    }

    // The client has given the partition up: seeking would find it in no state for that.
    private void AssignAgain(TopicPartition partition, Offset offset)
    {
        _consumer.IncrementalUnassign([partition]);
        _consumer.IncrementalAssign([new TopicPartitionOffset(partition, offset)]);
    }

    private void OnError(Error error)
    {
        if (error.IsFatal || KafkaErrors.IsFinal(error))
        {
            _prefetch.Fail(new KafkaStreamException(KafkaErrors.Sentence(error, _options.BootstrapServers), null));
        }
        else
        {
            _events.WarnOf(error, "The client tries again by itself.");
        }
    }
}
