using System.Buffers;
using Confluent.Kafka;
using FastStream.Runtime;

namespace FastStream;

/// <summary>Streams of Kafka topics, without a receiver: a batch is a range of offsets of each partition.</summary>
public static class KafkaStreamExtensions
{
    /// <summary>
    /// Reads topics. A batch is a range of offsets of each partition, fixed when the batch is cut; after a crash the
    /// stream reads the same ranges again.
    /// </summary>
    /// <remarks>
    /// Keys and values are texts over received bytes, valid as long as their batch. With
    /// <see cref="StreamingOptions.Checkpoint"/> every record counts once in the states; offsets are part of the
    /// checkpoint. The stream waits for brokers that do not answer, and listeners are warned.
    /// </remarks>
    /// <example><code>
    /// context.KafkaStream(new KafkaSourceOptions { BootstrapServers = "localhost:9092", Topics = ["orders"] })
    ///     .Map(order => order.Value).CountByValue().Print();
    /// </code></example>
    /// <param name="context">The context.</param>
    /// <param name="options">What to read, and how.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range; the message says which and what is
    /// expected.</exception>
    public static DStream<KafkaRecord<Utf8Text, Utf8Text>> KafkaStream(this StreamingContext context, KafkaSourceOptions options) =>
        Direct(context, options, new KafkaDecoder<Utf8Text, Utf8Text>(null, null));

    /// <summary>Reads topics, with keys and values made by deserializers.</summary>
    /// <example><code>context.KafkaStream(source, KafkaDeserializers.Text,
    /// KafkaDeserializers.Json(OrdersJson.Default.Order)).Map(record => record.Value.Amount).Print();</code></example>
    /// <param name="context">The context.</param>
    /// <param name="options">What to read, and how.</param>
    /// <param name="key">Makes keys. Called in the partitions, from several threads.</param>
    /// <param name="value">Makes values. Called in the partitions, from several threads.</param>
    public static DStream<KafkaRecord<TKey, TValue>> KafkaStream<TKey, TValue>(
        this StreamingContext context, KafkaSourceOptions options, KafkaDeserializer<TKey> key, KafkaDeserializer<TValue> value)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(value);
        return Direct(context, options, new KafkaDecoder<TKey, TValue>(key, value));
    }

    private static SourceStream<KafkaRecord<TKey, TValue>> Direct<TKey, TValue>(
        StreamingContext context, KafkaSourceOptions options, KafkaDecoder<TKey, TValue> decoder)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(options);
        return context.FromSource(new KafkaSource<TKey, TValue>((options with { }).Validated(), context.Options, decoder), "KafkaStream");
    }
}

internal sealed class KafkaSource<TKey, TValue> : Source<KafkaRecord<TKey, TValue>>
{
    private readonly KafkaSourceOptions _options;
    private readonly KafkaDecoder<TKey, TValue> _decoder;
    private readonly KafkaPrefetch _prefetch;
    private readonly string _group;
    private readonly long _limit;                                  // most records of one partition in a batch
    private readonly CancellationTokenSource _stopped = new();
    private readonly UncommittedRanges _uncommitted = new();
    private CancellationToken _abort;                              // since the start
    private int _missing;                                          // consecutive times that a topic was missing; used by discovery only
    private KafkaMetrics? _metrics;                                // since the start
    private Task _discovery = Task.CompletedTask;
    private DirectReader? _reader;                                 // since the start
    private KafkaEvents? _events;                                  // made at first use

    public KafkaSource(KafkaSourceOptions options, StreamingOptions job, KafkaDecoder<TKey, TValue> decoder)
    {
        _options = options;
        _decoder = decoder;
        _prefetch = new KafkaPrefetch(options.MaxPrefetchBytes, job.BlockSizeBytes);
        _group = options.GroupId ?? $"faststream.{job.Name}";
        _limit = options.MaxRatePerPartition == 0
            ? long.MaxValue
            : Math.Max(1, (long)(options.MaxRatePerPartition * job.BatchInterval.TotalSeconds));
    }

    protected override bool IsBackpressured => _prefetch.Budget.IsFull;

    protected override SourceLag Lag => new(KafkaMetrics.LagOf(_reader!, _prefetch));

    private KafkaEvents Events => _events ??= new KafkaEvents(Context.StreamingContext, Context.Name);

    protected override ValueTask StartAsync(CancellationToken cancellationToken)
    {
        _abort = cancellationToken;
        _reader = new DirectReader(_options, _group, _prefetch, _limit, Events);
        _metrics = new KafkaMetrics(Context.StreamingContext, Context.Name, _reader, _prefetch, Events);
        _reader.Start();
        _discovery = Task.Run(DiscoverAsync, CancellationToken.None);
        return ValueTask.CompletedTask;
    }

    protected override async ValueTask StopAsync()
    {
        await _stopped.CancelAsync().ConfigureAwait(false);
        await _discovery.ConfigureAwait(false);
        _reader?.Stop();
    }

    protected override ValueTask CloseAsync()
    {
        _metrics?.Dispose();
        _reader?.Dispose();
        _prefetch.Clear();
        _stopped.Dispose();
        return ValueTask.CompletedTask;
    }

    protected override InputBatch<KafkaRecord<TKey, TValue>> Cut(BatchTime time)
    {
        IReadOnlyList<KafkaRange> ranges = _prefetch.Cut(_limit);
        if (ranges.Count == 0)
        {
            return RecordInputBatch.Empty<KafkaRecord<TKey, TValue>>();
        }

        Remember(time, ranges);
        return new KafkaBatch<TKey, TValue>(ranges, _decoder, _options.Partitioning, readAgain: null);
    }

    protected override void SaveBatch(InputBatch<KafkaRecord<TKey, TValue>> batch, IBufferWriter<byte> output) =>
        SavedRanges.Write(batch is KafkaBatch<TKey, TValue> cut ? cut.Ranges : [], output);

    protected override InputBatch<KafkaRecord<TKey, TValue>> LoadBatch(BatchTime time, ReadOnlyMemory<byte> saved)
    {
        IReadOnlyList<KafkaRange> ranges = SavedRanges.Read(saved.Span, $"batch {time} of {Context.Name}");
        foreach (KafkaRange range in ranges)
        {
            _prefetch.MoveTo(range.Id, range.Until);
        }

        Remember(time, ranges);
        return new KafkaBatch<TKey, TValue>(
            ranges, _decoder, _options.Partitioning,
            () => RangeReader.Read(_options, _group, ranges, _prefetch.Budget, _prefetch.Pool, Events, _abort));
    }

    protected override void SavePosition(BatchTime time, IBufferWriter<byte> output) =>
        SavedRanges.WritePositions(_prefetch.Positions(), output);

    protected override void LoadPosition(ReadOnlySpan<byte> saved)
    {
        foreach ((KafkaPartition id, long next) in SavedRanges.ReadPositions(saved, $"the position of {Context.Name}"))
        {
            _prefetch.MoveTo(id, next);
        }
    }

    protected override void OnBatchCommitted(BatchTime time) => _uncommitted.TakeUpTo(time, ranges => _reader?.Commit(ranges));

    // Runs beside reading, which does not wait for it.
    private async Task DiscoverAsync()
    {
        if (_options.Assignments.Count > 0 || _options.DiscoveryInterval == Timeout.InfiniteTimeSpan)
        {
            return;
        }

        using IAdminClient admin = new DependentAdminClientBuilder(_reader!.Consumer.Handle).Build();
        var topics = new KafkaTopics(admin, _options);
        using var timer = new PeriodicTimer(_options.DiscoveryInterval, Context.Options.TimeProvider);
        try
        {
            while (await timer.WaitForNextTickAsync(_stopped.Token).ConfigureAwait(false))
            {
                Discover(topics);
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    private void Discover(KafkaTopics topics)
    {
        try
        {
            IReadOnlyList<KafkaPartition> found = topics.Find();
            _missing = 0;
            if (_reader!.HasBegun && found.Except(_reader.Assigned).Any())
            {
                _reader.Found(found);
            }
        }
        catch (KafkaException error)
        {
            Events.WarnOf(error.Error, "New partitions are looked for later.");
        }
        catch (KafkaTopicException error)
        {
            // Starting brokers may not know a topic for a moment; a topic that is missing three times in a row is gone.
            if (_reader!.HasBegun && ++_missing == 3)
            {
                string sentence =
                    $"{error.Message} It was read until now, up to "
                    + $"{string.Join(", ", _prefetch.Positions().Select(each => $"{each.Id}@{each.Next}"))}: it was deleted.";
                if (_options.LostRanges == KafkaLostRangePolicy.Stop)
                {
                    _prefetch.Fail(new KafkaStreamException(sentence, error));
                }
                else
                {
                    Events.Warn(sentence, error);
                }
            }
        }
    }

    private void Remember(BatchTime time, IReadOnlyList<KafkaRange> ranges)
    {
        if (_options.MirrorOffsets)
        {
            _uncommitted.Add(time, ranges);
        }
    }
}
