using System.Text.RegularExpressions;
using Confluent.Kafka;

namespace FastStream;

/// <summary>What a direct stream reads, and how.</summary>
/// <example><code>var read = new KafkaSourceOptions { BootstrapServers = "localhost:9092", Topics = ["orders"],
/// StartFrom = KafkaStart.Earliest };</code></example>
public sealed record KafkaSourceOptions
{
    /// <summary>Brokers to connect to first, as <c>host:port</c> separated by commas; required.</summary>
    public string BootstrapServers { get; set; } = "";

    /// <summary>
    /// Topics to read, with all their partitions. Set exactly one of this, <see cref="TopicPattern"/> and
    /// <see cref="Assignments"/>.
    /// </summary>
    public IReadOnlyList<string> Topics { get; set; } = [];

    /// <summary>
    /// A regular expression (.NET's) that must match the whole name of a topic; topics created while the program runs
    /// are found too. Null (default) for none.
    /// </summary>
    public string? TopicPattern { get; set; }

    /// <summary>Single partitions to read; the stream then discovers no others. Empty (default) for none.</summary>
    public IReadOnlyList<KafkaPartition> Assignments { get; set; } = [];

    /// <summary>Where to begin when there is no checkpoint; default <see cref="KafkaStart.Latest"/>.</summary>
    public KafkaStart StartFrom { get; set; } = KafkaStart.Latest;

    /// <summary>
    /// The consumer group to which offsets are mirrored; default (null) <c>faststream.</c> and the context's name. The
    /// stream never joins it.
    /// </summary>
    public string? GroupId { get; set; }

    /// <summary>
    /// Whether the stream commits the offsets of completed batches to the group, for tools that show lag; default true.
    /// A start continues from the checkpoint alone.
    /// </summary>
    public bool MirrorOffsets { get; set; } = true;

    /// <summary>
    /// The most records a second from each partition, including the first batch: more than 0, or 0 (default) for no
    /// limit.
    /// </summary>
    public double MaxRatePerPartition { get; set; }

    /// <summary>
    /// Whether the stream sees records of open or aborted transactions; default
    /// <see cref="IsolationLevel.ReadCommitted"/>: it does not.
    /// </summary>
    public IsolationLevel IsolationLevel { get; set; } = IsolationLevel.ReadCommitted;

    /// <summary>
    /// The most bytes read ahead and in running batches, including 40 for each record: 64 KiB or more; default 256 MiB.
    /// When this is reached, nothing is read until a batch is done. The client's own queues come on top of it
    /// (<c>queued.max.messages.kbytes</c>).
    /// </summary>
    public long MaxPrefetchBytes { get; set; } = 256L << 20;

    /// <summary>
    /// How often the stream looks for new topics and partitions: 10 ms or more, or infinite for never; default 30 s.
    /// </summary>
    public TimeSpan DiscoveryInterval { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>What happens when unread records are gone; default <see cref="KafkaLostRangePolicy.Stop"/>.</summary>
    public KafkaLostRangePolicy LostRanges { get; set; }

    /// <summary>
    /// Whether records have their headers; default false, because reading them allocates several objects a record.
    /// </summary>
    public bool Headers { get; set; }

    /// <summary>How partitions of topics become partitions of the stream; default <see cref="KafkaPartitioning.Balanced"/>.</summary>
    public KafkaPartitioning Partitioning { get; set; }

    /// <summary>
    /// Settings that are passed to librdkafka unchanged, such as <c>sasl.username</c>; they override the defaults here.
    /// Values are never shown.
    /// </summary>
    public IDictionary<string, string> Config { get; set; } = new Dictionary<string, string>();

    /// <summary>Checks all settings, as the source does.</summary>
    /// <exception cref="ArgumentException">A setting is out of its range; the message says which, what was found and
    /// what is expected.</exception>
    public void Validate()
    {
        KafkaCheck.That(!string.IsNullOrWhiteSpace(BootstrapServers), nameof(BootstrapServers), BootstrapServers,
            "brokers are expected, such as localhost:9092");
        int kinds = (Topics.Count > 0 ? 1 : 0) + (TopicPattern is null ? 0 : 1) + (Assignments.Count > 0 ? 1 : 0);
        KafkaCheck.That(kinds == 1, nameof(Topics), kinds, "exactly one of Topics, TopicPattern and Assignments is expected");
        KafkaCheck.That(!Topics.Any(string.IsNullOrWhiteSpace), nameof(Topics), "a blank name", "names of topics are expected");
        KafkaCheck.That(Topics.Distinct().Count() == Topics.Count, nameof(Topics), string.Join(", ", Topics),
            "each topic is expected once");
        KafkaCheck.That(Assignments.Distinct().Count() == Assignments.Count, nameof(Assignments),
            string.Join(", ", Assignments), "each partition is expected once");
        KafkaCheck.That(double.IsFinite(MaxRatePerPartition)
            && MaxRatePerPartition >= 0, nameof(MaxRatePerPartition), MaxRatePerPartition, "more than 0 is expected, or 0 for no limit");
        KafkaCheck.That(MaxPrefetchBytes >= 64 << 10, nameof(MaxPrefetchBytes), MaxPrefetchBytes, "64 KiB or more are expected");
        KafkaCheck.That(
            DiscoveryInterval >= TimeSpan.FromMilliseconds(10)
                || DiscoveryInterval == Timeout.InfiniteTimeSpan, nameof(DiscoveryInterval), DiscoveryInterval,
            "10 ms or more are expected, or Timeout.InfiniteTimeSpan for never");
        KafkaCheck.That(Enum.IsDefined(IsolationLevel), nameof(IsolationLevel), IsolationLevel, "one of the named levels is expected");
        KafkaCheck.That(Enum.IsDefined(LostRanges), nameof(LostRanges), LostRanges, "one of the named policies is expected");
        KafkaCheck.That(Enum.IsDefined(Partitioning), nameof(Partitioning), Partitioning, "one of the named kinds is expected");
        if (TopicPattern is not null)
        {
            _ = Pattern();
        }
    }

    /// <summary>Returns a checked copy, which later changes to this object do not affect.</summary>
    internal KafkaSourceOptions Validated()
    {
        KafkaSourceOptions copy = this with { };
        copy.Validate();
        return copy;
    }

    // Anchored; a time-out ends a pattern that would take for ever.
    internal Regex Pattern() => new($"^(?:{TopicPattern})$", RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1));
}

/// <summary>
/// What a stream does when unread records are gone, because retention deleted them or the topic was recreated.
/// </summary>
public enum KafkaLostRangePolicy
{
    /// <summary>It stops with an error that names topic, partition and offsets.</summary>
    Stop,

    /// <summary>
    /// It warns, counts them (<c>faststream.kafka.lost_records</c>) and continues at the oldest record that exists.
    /// </summary>
    Continue,
}

/// <summary>How partitions of topics become partitions of the stream.</summary>
public enum KafkaPartitioning
{
    /// <summary>
    /// Each partition of the stream gets as many records as the others: large ranges are split, small ones are
    /// combined. Within a split, records of one topic partition keep their order.
    /// </summary>
    Balanced,

    /// <summary>
    /// Each partition of a topic goes whole to one partition of the stream: the n-th one to the n-th, and round again
    /// when they run out.
    /// </summary>
    OneToOne,
}
