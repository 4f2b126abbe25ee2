using Confluent.Kafka;

namespace FastStream;

/// <summary>
/// What plain and transactional outputs share: a producer that is made again when it must be, its topic, and waiting
/// for brokers.
/// </summary>
internal sealed class KafkaSink : IDisposable
{
    private readonly string? _transactionalId;
    private Error? _refusal;       // why the client cannot go on, such as credentials that are refused
    private bool _isTopicThere;

    public KafkaSink(StreamingContext context, KafkaSinkOptions options, string? transactionalId)
    {
        _transactionalId = transactionalId;
        Options = options;
        Events = new KafkaEvents(context, $"ToKafka {options.Topic}");
        Metrics = new KafkaMetrics(context, this);
    }

    public KafkaSinkOptions Options { get; }

    public KafkaEvents Events { get; }

    public KafkaMetrics Metrics { get; }

    /// <summary>The producer; null before it is made, and when it was given up.</summary>
    public IProducer<byte[]?, byte[]?>? Producer { get; private set; }

    /// <summary>Makes what is missing; waits for brokers that do not answer.</summary>
    /// <param name="ready">What else is to be done with a new producer before it is used.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="KafkaStreamException">Waiting cannot help.</exception>
    public async Task<IProducer<byte[]?, byte[]?>> ReadyAsync(Action<IProducer<byte[]?, byte[]?>>? ready, CancellationToken cancellation)
    {
        if (Producer is not null)
        {
            return Producer;
        }

        var retry = new KafkaRetry();
        int missing = 0;   // times in a row that brokers answered, and the topic was not there
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            IProducer<byte[]?, byte[]?> producer = KafkaProducers.Make(Options, _transactionalId, OnError);
            try
            {
                await MakeTopicAsync(producer).ConfigureAwait(false);
                ready?.Invoke(producer);
                return Producer = producer;
            }
            catch (KafkaTopicException error) when (!error.IsFinal && ++missing <= 5)
            {
                Events.Warn($"{error.Message} It is looked for again.", error);
            }
            catch (KafkaTopicException error)
            {
                producer.Dispose();
                throw new KafkaStreamException(error.Message, error);
            }
            catch (KafkaException error) when (!error.Error.IsFatal && !KafkaErrors.IsFinal(error.Error) && _refusal is null)
            {
                missing = 0;
                Events.WarnOf(error.Error, $"Batches wait until {Options.BootstrapServers} answers.");
            }
            catch (KafkaException error) when (KafkaErrors.IsFenced(error.Error))
            {
                producer.Dispose();
                throw;
            }
            catch (KafkaException error)
            {
                producer.Dispose();
                throw new KafkaStreamException(KafkaErrors.Sentence(_refusal ?? error.Error, Options.BootstrapServers), error);
            }

            producer.Dispose();
            retry.Wait(cancellation);
        }
    }

    /// <summary>The producer is not to be used any more; the next batch makes another.</summary>
    public void GiveUpProducer()
    {
        Producer?.Dispose();
        Producer = null;
    }

    /// <summary>The producer is stuck in a call, and left to it: disposing of it now would be stuck too.</summary>
    public void AbandonProducer(Task call)
    {
        IProducer<byte[]?, byte[]?>? stuck = Producer;
        Producer = null;
        _ = call.ContinueWith(
            ended =>
            {
                _ = ended.Exception;
                stuck?.Dispose();
            },
            TaskScheduler.Default);
    }

    public void Dispose()
    {
        GiveUpProducer();
        Metrics.Dispose();
    }

    private async Task MakeTopicAsync(IProducer<byte[]?, byte[]?> producer)
    {
        if (_isTopicThere)
        {
            return;
        }

        using IAdminClient admin = new DependentAdminClientBuilder(producer.Handle).Build();
        await TopicMaker.MakeAsync(admin, Options.Topic, Options.CreateTopic).ConfigureAwait(false);
        _isTopicThere = true;
    }

    private void OnError(Error error)
    {
        if (KafkaErrors.IsFinal(error))
        {
            _refusal = error;
        }

        Events.WarnOf(error, error.IsFatal ? "The producer is made again." : "The client tries again by itself.");
    }
}
