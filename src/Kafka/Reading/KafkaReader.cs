using System.Collections.Concurrent;
using Confluent.Kafka;

namespace FastStream;

/// <summary>Reads its assigned partitions ahead, on its own thread.</summary>
internal abstract class KafkaReader : IDisposable
{
    protected const int RecordsBetweenLooks = 1024;

    protected static readonly TimeSpan RoomWait = TimeSpan.FromMilliseconds(100);

    private readonly string? _onlyTopic;                            // topic of records that do not state theirs
    private readonly string _servers;
    private readonly RecordCopier _copier;
    private readonly Dictionary<KafkaPartition, PartitionBuffer> _assigned = [];     // changed by the reading thread, under its lock
    private readonly ConcurrentDictionary<KafkaPartition, long> _done = new();       // ends of completed batches, for the group
    private readonly CancellationTokenSource _stop = new();
    private readonly Thread _thread;
    private PartitionBuffer? _last;                                 // buffer of the last record
    private Block? _lastBlock;

    /// <param name="config">The client's settings.</param>
    /// <param name="onlyTopic">The topic, where records do not state theirs.</param>
    /// <param name="prefetch">Where records go.</param>
    /// <param name="events">Called with what happens.</param>
    /// <param name="change">Sets further handlers on the client.</param>
    protected KafkaReader(
        ConsumerConfig config, string? onlyTopic, KafkaPrefetch prefetch, KafkaEvents events,
        Action<ConsumerBuilder<CopiedKey, CopiedValue>>? change = null)
    {
        _servers = config.BootstrapServers;
        _onlyTopic = onlyTopic;
        Prefetch = prefetch;
        Events = events;
        _copier = new RecordCopier(prefetch.Pool);
        ConsumerBuilder<CopiedKey, CopiedValue> builder = new ConsumerBuilder<CopiedKey, CopiedValue>(config)
            .SetKeyDeserializer(_copier)
            .SetValueDeserializer(_copier)
            .SetErrorHandler((_, error) => OnError(error))
            .SetLogHandler(static (_, _) => { })
            .SetOffsetsCommittedHandler((_, committed) => events.NotCommitted(committed));
        change?.Invoke(builder);
        Consumer = builder.Build();
        _thread = new Thread(Run) { IsBackground = true, Name = "FastStream Kafka" };
    }

    public IConsumer<CopiedKey, CopiedValue> Consumer { get; }

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

    protected KafkaPrefetch Prefetch { get; }

    protected KafkaEvents Events { get; }

    protected CancellationToken Stopping => _stop.Token;

    public void Start() => _thread.Start();

    /// <summary>
    /// Notes that batches up to these ends are done; their offsets are committed to the group some time later. From any
    /// thread.
    /// </summary>
    public void Commit(IReadOnlyList<KafkaRange> done)
    {
        foreach (KafkaRange range in done)
        {
            _done[range.Id] = range.Until;
        }
    }

    /// <summary>Ends reading; records already read stay.</summary>
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
            StoreDone();
            Consumer.Close();   // commits the stored offsets
        }
        catch (KafkaException error)
        {
            Events.Warn($"The consumer did not close: {error.Error.Reason}", error);
        }

        Consumer.Dispose();
        _stop.Dispose();
    }

    /// <summary>Reads until it is stopped; the next cut throws what it throws.</summary>
    protected abstract void Read();

    /// <summary>Called when the requested offset does not exist.</summary>
    protected abstract void OnLost(PartitionBuffer buffer, ConsumeException error);

    protected bool IsAssigned(KafkaPartition id) => _assigned.ContainsKey(id);

    protected void Add(KafkaPartition id, PartitionBuffer buffer)
    {
        lock (_assigned)
        {
            _assigned[id] = buffer;
        }
    }

    protected void Remove(KafkaPartition id)
    {
        lock (_assigned)
        {
            _assigned.Remove(id);
        }

        _done.TryRemove(id, out _);
        _last = null;
    }

    /// <summary>The buffers of the partitions being read. On the reading thread.</summary>
    protected Dictionary<KafkaPartition, PartitionBuffer> Buffers => _assigned;

    // The client commits stored offsets by itself, now and then.
    protected void StoreDone()
    {
        foreach ((KafkaPartition id, long offset) in _done)
        {
            if (_assigned.ContainsKey(id) && _done.TryRemove(new KeyValuePair<KafkaPartition, long>(id, offset)))
            {
                Store(new TopicPartitionOffset(id.Topic, id.Partition, offset));
            }
        }
    }

    protected void Drain(int firstWaitMilliseconds)
    {
        for (int i = 0; i < RecordsBetweenLooks; i++)
        {
            ConsumeResult<CopiedKey, CopiedValue>? result;
            try
            {
                result = Consumer.Consume(i == 0 ? firstWaitMilliseconds : 0);
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

    private void Store(TopicPartitionOffset offset)
    {
        try
        {
            Consumer.StoreOffset(offset);
        }
        catch (KafkaException error)
        {
            Events.WarnOf(error.Error, $"{offset.Topic}[{offset.Partition.Value}] is read by another member of the group by now.");
        }
    }

    private void Run()
    {
        try
        {
            Read();
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
        }
        catch (Exception error)
        {
            Prefetch.Fail(error);
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

    private void Take(ConsumeResult<CopiedKey, CopiedValue> result)
    {
        PartitionBuffer? buffer = BufferOf(result.Topic, result.Partition.Value);
        if (buffer is null)
        {
            return;   // the partition was revoked while the record was on its way
        }

        if (result.IsPartitionEOF)
        {
            buffer.SawEnd(result.Offset.Value);
            return;
        }

        Message<CopiedKey, CopiedValue> message = result.Message;
        RawRecord record =
            _copier.Take(result.Offset.Value, message.Timestamp.Type == TimestampType.NotAvailable
                ? 0 : message.Timestamp.UnixTimestampMs, message.Headers);
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

    // Records do not state their topic where there is only one.
    private PartitionBuffer? BufferOf(string? topic, int partition)
    {
        PartitionBuffer? last = _last;
        if (last is not null && last.Id.Partition == partition && (topic is null || topic == last.Id.Topic))
        {
            return last;
        }

        return _last = _assigned.GetValueOrDefault(new KafkaPartition(topic ?? _onlyTopic!, partition));
    }

    private void OnConsumeError(ConsumeException error)
    {
        TopicPartitionOffset place = error.ConsumerRecord.TopicPartitionOffset;
        if (KafkaErrors.IsLostRange(error.Error))
        {
            if (BufferOf(place.Topic, place.Partition.Value) is { } buffer)
            {
                OnLost(buffer, error);
            }
        }
        else if (error.Error.IsFatal || KafkaErrors.IsFinal(error.Error))
        {
            throw new KafkaStreamException($"{place.Topic ?? _onlyTopic ?? _servers} cannot be read: {error.Error.Reason}.", error);
        }
        else
        {
            Events.WarnOf(error.Error, "Reading goes on by itself when the brokers answer.");
        }
    }

    private void OnError(Error error)
    {
        if (error.IsFatal || KafkaErrors.IsFinal(error))
        {
            Prefetch.Fail(new KafkaStreamException(KafkaErrors.Sentence(error, _servers), null));
        }
        else
        {
            Events.WarnOf(error, "The client tries again by itself.");
        }
    }
}
