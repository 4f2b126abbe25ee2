namespace FastStream;

/// <summary>Where an output writes to, and what it promises.</summary>
/// <example><code>var counted = new KafkaSinkOptions { BootstrapServers = "localhost:9092", Topic = "counts", Delivery
/// = KafkaDelivery.ExactlyOnce };</code></example>
public sealed record KafkaSinkOptions
{
    /// <summary>Brokers to ask first, as <c>host:port</c> with commas between; must be given.</summary>
    public string BootstrapServers { get; set; } = "";

    /// <summary>The topic of records that name none; must be given.</summary>
    public string Topic { get; set; } = "";

    /// <summary>What is promised after crashes; default <see cref="KafkaDelivery.AtLeastOnce"/>.</summary>
    public KafkaDelivery Delivery { get; set; }

    /// <summary>
    /// The output's name among the job's; default (null) the topic. With the context's name it makes the transactional
    /// id and the group that keeps the time of the batch put out last, both
    /// <c>faststream.JOB.NAME</c>: two programs with the same push each other out. It must stay the same from run to run.
    /// </summary>
    public string? Name { get; set; }

    /// <summary>
    /// How the topic must be: made where it is not there, refused where it is otherwise. Null (default): it must be
    /// there, as it may be.
    /// </summary>
    public KafkaTopicSpec? CreateTopic { get; set; }

    /// <summary>
    /// What happens with records that the client or the brokers refuse, such as ones that are too large; default
    /// <see cref="KafkaRefusedPolicy.Fail"/>.
    /// </summary>
    public KafkaRefusedPolicy RefusedRecords { get; set; }

    /// <summary>
    /// How long a transaction may be open before the brokers abort it: 1 s to 15 min (the brokers' own limit); default
    /// 1 min. Longer than the longest outage of brokers that a batch is to live through; readers see nothing behind a
    /// transaction that a crash has left open for so long.
    /// </summary>
    public TimeSpan TransactionTimeout { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Settings that are passed on to librdkafka as they are, such as <c>compression.type</c>; they go before the
    /// defaults here. Values are never shown.
    /// </summary>
    public IDictionary<string, string> Config { get; set; } = new Dictionary<string, string>();

    internal string Identity(StreamingContext context) => $"faststream.{context.Options.Name}.{Name ?? Topic}";

    /// <summary>Checks all settings, as the output does, which also looks whether the context fits.</summary>
    /// <exception cref="ArgumentException">A setting is out of its range; the message says which, what was found and
    /// what is expected.</exception>
    public void Validate()
    {
        KafkaCheck.That(!string.IsNullOrWhiteSpace(BootstrapServers), nameof(BootstrapServers), BootstrapServers,
            "brokers are expected, such as localhost:9092");
        KafkaCheck.That(!string.IsNullOrWhiteSpace(Topic), nameof(Topic), Topic, "the name of a topic is expected");
        KafkaCheck.That(Name is null
            || !string.IsNullOrWhiteSpace(Name), nameof(Name), Name, "a name is expected, or null for the topic's");
        KafkaCheck.That(Enum.IsDefined(Delivery), nameof(Delivery), Delivery, "one of the named promises is expected");
        KafkaCheck.That(Enum.IsDefined(RefusedRecords), nameof(RefusedRecords), RefusedRecords, "one of the named policies is expected");
        KafkaCheck.That(
            TransactionTimeout >= TimeSpan.FromSeconds(1)
                && TransactionTimeout <= TimeSpan.FromMinutes(15), nameof(TransactionTimeout), TransactionTimeout,
                "1 s to 15 min are expected");
        CreateTopic?.Validate();
    }

    internal KafkaSinkOptions Validated(StreamingContext context)
    {
        Validate();
        if (Delivery == KafkaDelivery.ExactlyOnce && context.Options.Checkpoint is null)
        {
            throw new ArgumentException(
                "An output that is put out exactly once needs to know a batch again after a crash, and the context "
                    + "keeps none. Give StreamingOptions.Checkpoint, or ask for AtLeastOnce.", nameof(context));
        }

        return this;
    }
}

/// <summary>What an output promises after crashes.</summary>
public enum KafkaDelivery
{
    /// <summary>Every record is there once or more: a batch whose end is not known is written again.</summary>
    AtLeastOnce,

    /// <summary>
    /// Every record is there once, for readers with <c>isolation.level=read_committed</c>: a batch is a transaction.
    /// Needs checkpoints.
    /// </summary>
    ExactlyOnce,
}

/// <summary>What an output does with records that the client or the brokers refuse.</summary>
public enum KafkaRefusedPolicy
{
    /// <summary>The batch fails.</summary>
    Fail,

    /// <summary>The records are left out, counted (<c>faststream.kafka.refused_records</c>), and listeners hear of them.</summary>
    LeaveOut,
}
