namespace FastStream;

/// <summary>Where an output writes, and what it guarantees.</summary>
/// <example><code>var counted = new KafkaSinkOptions { BootstrapServers = "localhost:9092", Topic = "counts", Delivery
/// = KafkaDelivery.ExactlyOnce };</code></example>
public sealed record KafkaSinkOptions
{
    /// <summary>Brokers to connect to first, as <c>host:port</c> separated by commas; required.</summary>
    public string BootstrapServers { get; set; } = "";

    /// <summary>The topic for records that name none; required.</summary>
    public string Topic { get; set; } = "";

    /// <summary>The delivery guarantee across crashes; default <see cref="KafkaDelivery.AtLeastOnce"/>.</summary>
    public KafkaDelivery Delivery { get; set; }

    /// <summary>
    /// The output's name, unique in the job; default (null) the topic. Together with the context's name it forms the
    /// transactional id and the name of the group that stores the time of the last committed batch, both
    /// <c>faststream.JOB.NAME</c>: two programs with the same names fence each other. It must stay the same from run to
    /// run.
    /// </summary>
    public string? Name { get; set; }

    /// <summary>
    /// How the topic must be: the output creates a missing topic, and refuses one that differs. Null (default): the
    /// topic must exist, with any settings.
    /// </summary>
    public KafkaTopicSpec? CreateTopic { get; set; }

    /// <summary>
    /// What happens to records that the client or the brokers refuse, for example because they are too large; default
    /// <see cref="KafkaRefusedPolicy.Fail"/>.
    /// </summary>
    public KafkaRefusedPolicy RefusedRecords { get; set; }

    /// <summary>
    /// How long a transaction may be open before the brokers abort it: 1 s to 15 min (the brokers' own limit); default
    /// 1 min. Set it to more than the longest broker outage that a batch must survive. After a crash, readers see
    /// nothing behind the open transaction for this long.
    /// </summary>
    public TimeSpan TransactionTimeout { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Settings that are passed to librdkafka unchanged, such as <c>compression.type</c>; they override the defaults
    /// here. Values are never shown.
    /// </summary>
    public IDictionary<string, string> Config { get; set; } = new Dictionary<string, string>();

    internal string Identity(StreamingContext context) => $"faststream.{context.Options.Name}.{Name ?? Topic}";

    /// <summary>Checks all settings, as the output does; the output also checks that they fit the context.</summary>
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
                "An exactly-once output needs to recognise a batch after a crash, and the context "
                    + "has no checkpoints. Set StreamingOptions.Checkpoint, or ask for AtLeastOnce.", nameof(context));
        }

        return this;
    }
}

/// <summary>What an output guarantees across crashes.</summary>
public enum KafkaDelivery
{
    /// <summary>Every record is written once or more: a batch whose outcome is unknown is written again.</summary>
    AtLeastOnce,

    /// <summary>
    /// Readers with <c>isolation.level=read_committed</c> see every record once: a batch is a transaction. Needs
    /// checkpoints.
    /// </summary>
    ExactlyOnce,
}

/// <summary>What an output does with records that the client or the brokers refuse.</summary>
public enum KafkaRefusedPolicy
{
    /// <summary>The batch fails.</summary>
    Fail,

    /// <summary>
    /// The records are dropped and counted (<c>faststream.kafka.refused_records</c>), and listeners are warned.
    /// </summary>
    LeaveOut,
}
