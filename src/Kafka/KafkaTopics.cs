using System.Text.RegularExpressions;
using Confluent.Kafka;

namespace FastStream;

/// <summary>Asks brokers which partitions exist of the topics that a stream reads.</summary>
internal sealed class KafkaTopics(IAdminClient admin, KafkaSourceOptions options)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    private readonly Regex? _pattern = options.TopicPattern is null ? null : options.Pattern();

    /// <summary>Returns the existing partitions, in order.</summary>
    /// <exception cref="KafkaTopicException">A requested topic or partition does not exist, or may not be
    /// read.</exception>
    /// <exception cref="KafkaException">The brokers did not answer.</exception>
    public IReadOnlyList<KafkaPartition> Find()
    {
        var found = new List<KafkaPartition>();
        if (_pattern is not null)
        {
            foreach (TopicMetadata topic in admin.GetMetadata(Timeout).Topics)
            {
                if (!topic.Error.IsError && _pattern.IsMatch(topic.Topic))
                {
                    found.AddRange(PartitionsOf(topic));
                }
            }

            return found;
        }

        foreach (string name in options.Topics.Concat(options.Assignments.Select(partition => partition.Topic)).Distinct())
        {
            TopicMetadata topic = admin.GetMetadata(name, Timeout).Topics.Single(each => each.Topic == name);
            if (topic.Error.IsError)
            {
                throw KafkaTopicException.Of(name, topic.Error);
            }

            found.AddRange(PartitionsOf(topic));
        }

        if (options.Assignments.Count == 0)
        {
            return found;
        }

        foreach (KafkaPartition missing in options.Assignments.Except(found))
        {
            throw new KafkaTopicException(
                $"{missing} was asked for, and topic {missing.Topic} has partitions 0 to "
                + $"{found.Count(each => each.Topic == missing.Topic) - 1}.", isFinal: true);
        }

        return options.Assignments.Order().ToArray();
    }

    private static IEnumerable<KafkaPartition> PartitionsOf(TopicMetadata topic) =>
        topic.Partitions.Select(partition => new KafkaPartition(topic.Topic, partition.PartitionId)).Order();
}

/// <summary>Thrown when a topic is missing or not as required.</summary>
internal sealed class KafkaTopicException(string message, bool isFinal) : Exception(message)
{
    /// <summary>Whether waiting cannot help.</summary>
    public bool IsFinal { get; } = isFinal;

    public static KafkaTopicException Of(string topic, Error error) => error.Code switch
    {
        ErrorCode.UnknownTopicOrPart or ErrorCode.Local_UnknownTopic => new(
            $"Topic {topic} is not there. Create it, or check the name and the brokers; topics are never made by reading.", isFinal: false),
        ErrorCode.TopicAuthorizationFailed =>
            new($"Topic {topic} may not be read by this user. Allow it READ and DESCRIBE on the topic.", isFinal: true),
        ErrorCode.TopicException => new($"{topic} is not a valid topic name: {error.Reason}.", isFinal: true),
        _ => new($"Topic {topic} cannot be read: {error.Reason}.", isFinal: false),
    };
}
