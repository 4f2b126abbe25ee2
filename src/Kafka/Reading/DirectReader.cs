using System.Collections.Concurrent;
using Confluent.Kafka;

namespace FastStream;

/// <summary>Reads ahead all partitions of a direct stream, on its own thread; no group assigns them.</summary>
internal sealed class DirectReader : KafkaReader
{
    private readonly KafkaSourceOptions _options;
    private readonly StartOffsets _starts;
    private readonly long _mostWaiting;                             // records waiting in a partition; with more it is paused
    private readonly HashSet<KafkaPartition> _paused = [];
    private readonly ConcurrentQueue<IReadOnlyList<KafkaPartition>> _found = new();
    private volatile bool _hasBegun;                                // the partitions found at the start are assigned

    public DirectReader(KafkaSourceOptions options, string group, KafkaPrefetch prefetch, long limit, KafkaEvents events)
        : base(KafkaClientConfig.Consumer(options, group), options.Topics.Count == 1 ? options.Topics[0] : null, prefetch, events)
    {
        _options = options;
        _mostWaiting = limit == long.MaxValue ? limit : 1000 + (4 * limit);
        _starts = new StartOffsets(Consumer);
    }

    /// <summary>Whether the partitions found at the start are being read.</summary>
    public bool HasBegun => _hasBegun;

    /// <summary>Adds newly found partitions of the stream. From any thread.</summary>
    public void Found(IReadOnlyList<KafkaPartition> partitions) => _found.Enqueue(partitions);

    // Waits for brokers that are not there yet. A missing topic gets a little time, because brokers learn of topics one
    // after another.
    private bool Connect()
    {
        using IAdminClient admin = new DependentAdminClientBuilder(Consumer.Handle).Build();
        var topics = new KafkaTopics(admin, _options);
        var retry = new KafkaRetry();
        int missing = 0;   // consecutive answers of brokers without the topic
        while (!Stopping.IsCancellationRequested)
        {
            try
            {
                Begin(topics.Find(), isFirst: true);
                _hasBegun = true;
                return true;
            }
            catch (KafkaTopicException error) when (!error.IsFinal && ++missing <= 5)
            {
                Events.Warn($"{error.Message} Looking for it again.", error);
            }
            catch (KafkaException error) when (!KafkaErrors.IsFinal(error.Error))
            {
                missing = 0;
                Events.Warn($"{_options.BootstrapServers}: {error.Error.Reason}. Reading begins when the brokers answer.", error);
            }

            _ = Consumer.Consume(0);   // lets the client report errors, such as refused credentials
            if (Prefetch.HasFailed)
            {
                return false;
            }

            retry.Wait(Stopping);
        }

        return false;
    }

    private void Begin(IReadOnlyList<KafkaPartition> partitions, bool isFirst)
    {
        bool isFound = !isFirst || Prefetch.WasRestored;
        var assign = new List<TopicPartitionOffset>();
        try
        {
            foreach (KafkaPartition id in partitions.Where(id => !IsAssigned(id)))
            {
                KafkaStart start = isFound ? KafkaStart.Earliest : _options.StartFrom;
                (PartitionBuffer buffer, long next) = Prefetch.Begin(id, () => _starts.Of(id, start));
                Add(id, buffer);
                assign.Add(new TopicPartitionOffset(id.Topic, id.Partition, next));
            }
        }
        finally
        {
            // If a broker did not answer for one of them, the others are still read.
            if (assign.Count > 0)
            {
                Consumer.IncrementalAssign(assign);
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
            Events.WarnOf(error.Error, "New partitions are looked for later.");
        }
    }

    protected override void Read()
    {
        if (!Connect())
        {
            return;
        }

        CancellationToken stop = Stopping;
        while (!stop.IsCancellationRequested)
        {
            while (_found.TryDequeue(out IReadOnlyList<KafkaPartition>? found))
            {
                BeginFound(found);
            }

            StoreDone();
            if (Prefetch.Budget.IsFull)
            {
                Prefetch.Budget.Wait(RoomWait, stop);
                continue;
            }

            Drain(100);
            if (_mostWaiting != long.MaxValue)
            {
                PauseAndResume();
            }
        }
    }

    private void PauseAndResume()
    {
        foreach ((KafkaPartition id, PartitionBuffer buffer) in Buffers)
        {
            long waiting = Prefetch.Waiting(buffer);
            if (waiting > _mostWaiting && _paused.Add(id))
            {
                Consumer.Pause([new TopicPartition(id.Topic, id.Partition)]);
            }
            else if (waiting < _mostWaiting / 2 && _paused.Remove(id))
            {
                Consumer.Resume([new TopicPartition(id.Topic, id.Partition)]);
            }
        }
    }

    // The requested offset does not exist: retention deleted it, or the topic was recreated and is shorter.
    protected override void OnLost(PartitionBuffer buffer, ConsumeException error)
    {
        TopicPartition partition = new(buffer.Id.Topic, buffer.Id.Partition);
        long wanted = Prefetch.Wanted(buffer);
        WatermarkOffsets there;
        try
        {
            there = _starts.Watermarks(buffer.Id);
        }
        catch (KafkaException unanswered) when (!KafkaErrors.IsFinal(unanswered.Error))
        {
            Events.WarnOf(unanswered.Error, "Asking again which offsets the partition has.");
            Stopping.WaitHandle.WaitOne(RoomWait);
            AssignAgain(partition, wanted);
            return;
        }

        string sentence = LostRange.Sentence(buffer.Id, wanted, there.Low.Value, there.High.Value);
        if (_options.LostRanges == KafkaLostRangePolicy.Stop)
        {
            throw new KafkaStreamException($"{sentence} Bring the records back, or set LostRanges to Continue to go on without them.",
                error);
        }

        Events.Lost(buffer.Id, Math.Max(0, there.Low.Value - wanted), $"{sentence} Reading goes on at offset {there.Low.Value}.");
        if (there.High.Value < wanted)
        {
            Prefetch.Skip(buffer, there.Low.Value);
        }

        AssignAgain(partition, there.Low);
    }

    // The client has given up the partition: it is not in a state in which it can seek.
    private void AssignAgain(TopicPartition partition, Offset offset)
    {
        Consumer.IncrementalUnassign([partition]);
        Consumer.IncrementalAssign([new TopicPartitionOffset(partition, offset)]);
    }
}
