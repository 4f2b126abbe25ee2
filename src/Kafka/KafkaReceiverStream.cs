namespace FastStream;

/// <summary>Streams of Kafka topics, read as a member of a consumer group.</summary>
public static class KafkaReceiverStreamExtensions
{
    /// <summary>
    /// Reads topics as a member of a consumer group, at least once: the stream commits a record's offset when its batch
    /// is done.
    /// </summary>
    /// <remarks>
    /// Other members, in this program or in others, share the partitions; cooperative rebalancing moves them one by
    /// one. After a crash, or when a partition moves, records whose offsets were not committed yet come again: use
    /// <see cref="KafkaStreamExtensions.KafkaStream(StreamingContext, KafkaSourceOptions)"/> where each record must
    /// count once. Several such streams read on several threads; <c>Union</c> joins them. The stream waits for a topic
    /// that does not exist yet.
    /// </remarks>
    /// <example><code>
    /// var options = new KafkaReceiverOptions
    /// {
    ///     BootstrapServers = "localhost:9092", GroupId = "clicks", Topics = ["clicks"],
    /// };
    /// context.KafkaReceiverStream(options).Count().Print();
    /// </code></example>
    /// <param name="context">The context.</param>
    /// <param name="options">What to read, and how.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range; the message says which and what is
    /// expected.</exception>
    public static DStream<KafkaRecord<Utf8Text, Utf8Text>> KafkaReceiverStream(this StreamingContext context, KafkaReceiverOptions options)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(options);
        return new KafkaReceiverInputDStream(context, (options with { }).Validated());
    }
}

/// <summary>
/// A group's source. It logs a batch with its records, because the group may give the partitions to other members.
/// </summary>
internal sealed class KafkaReceiverInputDStream : InputDStream<KafkaRecord<Utf8Text, Utf8Text>>
{
    private readonly KafkaReceiverOptions _options;
    private readonly KafkaDecoder<Utf8Text, Utf8Text> _decoder = new(null, null);
    private readonly KafkaPrefetch _prefetch;
    private readonly KafkaEvents _events;
    private readonly UncommittedRanges _uncommitted = new();
    private KafkaMetrics? _metrics;                                // since the start
    private GroupReader? _reader;                                  // since the start

    public KafkaReceiverInputDStream(StreamingContext context, KafkaReceiverOptions options)
        : base(context, "KafkaReceiverStream")
    {
        _options = options;
        _prefetch = new KafkaPrefetch(options.MaxPrefetchBytes, context.Options.BlockSizeBytes);
        _events = new KafkaEvents(context, Name);
    }

    protected override ValueTask StartAsync(CancellationToken cancellationToken)
    {
        _reader = new GroupReader(_options, _prefetch, _events);
        _metrics = new KafkaMetrics(Context, Name, _reader, _prefetch, _events);
        _reader.Start();
        return ValueTask.CompletedTask;
    }

    protected override ValueTask StopAsync()
    {
        _reader?.Stop();
        return ValueTask.CompletedTask;
    }

    protected override ValueTask CloseAsync()
    {
        _metrics?.Dispose();
        _reader?.Dispose();
        _prefetch.Clear();
        return ValueTask.CompletedTask;
    }

    protected override InputBatch<KafkaRecord<Utf8Text, Utf8Text>> Cut(BatchTime time)
    {
        IReadOnlyList<KafkaRange> ranges = _prefetch.Cut(long.MaxValue);
        if (ranges.Count == 0)
        {
            return RecordInputBatch.Empty<KafkaRecord<Utf8Text, Utf8Text>>();
        }

        _uncommitted.Add(time, [.. ranges.Where(range => range.Slices.Count > 0)]);
        return new KafkaBatch<Utf8Text, Utf8Text>(ranges, _decoder, KafkaPartitioning.Balanced, readAgain: null);
    }

    protected override void OnBatchCommitted(BatchTime time) => _uncommitted.TakeUpTo(time, ranges => _reader?.Commit(ranges));
}
