using Confluent.Kafka;

namespace FastStream;

/// <summary>
/// Writes batches at least once, with an idempotent producer: records that the client itself resends are written once.
/// </summary>
internal sealed class KafkaWriter<T>(StreamingContext context, KafkaSinkOptions options, Func<T, KafkaMessage> message) : Sink<T>
{
    private static readonly HashSet<long> None = [];

    private readonly KafkaSink _sink = new(context, options, transactionalId: null);
    private readonly BatchProducer<T> _batches = new(options, message);

    protected override async ValueTask WriteAsync(Batch<T> batch, CancellationToken cancellationToken)
    {
        if (batch.IsEmpty)
        {
            return;
        }

        IProducer<byte[]?, byte[]?> producer = await _sink.ReadyAsync(null, cancellationToken).ConfigureAwait(false);
        var deliveries = new Deliveries();
        batch.ThrowIfLeftBehind();
        _batches.Produce(producer, batch, None, deliveries, cancellationToken);
        await deliveries.EndAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
        if (deliveries.Failure is { } failure)
        {
            if (failure.IsFatal || failure.Code is ErrorCode.Local_Fatal or ErrorCode.Local_PurgeQueue)
            {
                _sink.GiveUpProducer();
            }

            throw new KafkaStreamException($"Records of batch {batch.Time} did not reach {options.Topic}: {failure.Reason}.",
                new KafkaException(failure));
        }

        Refused.Handle(_sink, batch.Time, deliveries.Refused);
    }

    protected override ValueTask CloseAsync()
    {
        _sink.Dispose();
        return ValueTask.CompletedTask;
    }
}

/// <summary>Handles refused records.</summary>
internal static class Refused
{
    private const string Advice =
        "Make such records smaller, raise message.max.bytes here and on the topic, or set RefusedRecords to LeaveOut.";

    /// <summary>
    /// Makes the exception for a transaction that was refused as a whole: the brokers do not say which record it was.
    /// </summary>
    public static KafkaStreamException Failure(BatchTime time, KafkaException error) =>
        new($"A record of batch {time} was refused: {error.Error.Reason}. {Advice}", error);

    /// <summary>Fails or warns, as the policy says.</summary>
    /// <exception cref="KafkaStreamException">The policy is to fail.</exception>
    public static void Handle(KafkaSink sink, BatchTime time, IReadOnlyList<(long Index, Error Error, string Place)> refused)
    {
        if (refused.Count == 0)
        {
            return;
        }

        (long index, Error error, string place) = refused.MinBy(each => each.Index);
        string sentence =
            $"{refused.Count} {(refused.Count == 1 ? "record" : "records")} of batch {time} "
            + $"{(refused.Count == 1 ? "was" : "were")} refused; the first is number {index} of the batch, for {place}: {error.Reason}.";
        if (sink.Options.RefusedRecords == KafkaRefusedPolicy.Fail)
        {
            throw new KafkaStreamException($"{sentence} {Advice}", new KafkaException(error));
        }

        sink.Events.Refused(refused.Count, $"{sentence} They are left out.");
    }
}
