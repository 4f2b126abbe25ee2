using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace FastStream;

/// <summary>Creates a topic on request, or checks that an existing one is as required.</summary>
internal static class TopicMaker
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    /// <exception cref="KafkaTopicException">The topic does not exist, or differs.</exception>
    /// <exception cref="KafkaException">The brokers did not answer.</exception>
    public static async Task MakeAsync(IAdminClient admin, string topic, KafkaTopicSpec? spec)
    {
        TopicMetadata found = admin.GetMetadata(topic, Timeout).Topics.Single(each => each.Topic == topic);
        bool isMissing = found.Error.Code is ErrorCode.UnknownTopicOrPart or ErrorCode.Local_UnknownTopic;
        if (isMissing && spec is not null)
        {
            await CreateAsync(admin, topic, spec).ConfigureAwait(false);
            return;
        }

        if (isMissing)
        {
            throw new KafkaTopicException($"Topic {topic} is not there. Create it, or set CreateTopic to have it made.", isFinal: false);
        }

        if (found.Error.IsError)
        {
            throw KafkaTopicException.Of(topic, found.Error);
        }

        if (spec is not null)
        {
            await VerifyAsync(admin, found, spec).ConfigureAwait(false);
        }
    }

    private static async Task CreateAsync(IAdminClient admin, string topic, KafkaTopicSpec spec)
    {
        try
        {
            await admin.CreateTopicsAsync(
                [new TopicSpecification
                    { Name = topic, NumPartitions = spec.Partitions, ReplicationFactor = spec.ReplicationFactor,
                        Configs = new(spec.Config) }],
                new CreateTopicsOptions { RequestTimeout = Timeout, OperationTimeout = Timeout }).ConfigureAwait(false);
        }
        catch (CreateTopicsException error) when (error.Results.All(result => result.Error.Code == ErrorCode.TopicAlreadyExists))
        {
            // Somebody else created it first.
        }
        catch (CreateTopicsException error)
        {
            throw new KafkaTopicException($"Topic {topic} could not be created: {error.Results[0].Error.Reason}", isFinal: true);
        }
    }

    private static async Task VerifyAsync(IAdminClient admin, TopicMetadata found, KafkaTopicSpec spec)
    {
        if (found.Partitions.Count != spec.Partitions)
        {
            throw new KafkaTopicException(
                $"Topic {found.Topic} has {found.Partitions.Count} partitions, and CreateTopic asks for "
                    + $"{spec.Partitions}. Change one of them: keys would go elsewhere.", isFinal: true);
        }

        if (spec.Config.Count == 0)
        {
            return;
        }

        List<DescribeConfigsResult> results = await admin.DescribeConfigsAsync(
            [new ConfigResource { Type = ResourceType.Topic, Name = found.Topic }], new DescribeConfigsOptions { RequestTimeout = Timeout })
                .ConfigureAwait(false);
        foreach ((string key, string wanted) in spec.Config)
        {
            string? there = results[0].Entries.TryGetValue(key, out ConfigEntryResult? entry) ? entry.Value : null;
            if (there != wanted)
            {
                throw new KafkaTopicException(
                    $"Topic {found.Topic} has {key}={there ?? "nothing"}, and CreateTopic asks for {wanted}. Change one of them.",
                    isFinal: true);
            }
        }
    }
}
