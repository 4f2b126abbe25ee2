using Confluent.Kafka;

namespace FastStream;

/// <summary>
/// What plain and transactional outputs have in common: a producer that is replaced when necessary, its topic, and
/// waiting for brokers.
/// </summary>
internal sealed class KafkaSink : IDisposable
{
    private readonly string? _transactionalId;
    private Error? _refusal;       // why the client cannot continue, such as refused credentials
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

    /// <summary>The producer; null before it is made, and after it was given up.</summary>
    public IProducer<byte[]?, byte[]?>? Producer { get; private set; }

    /// <summary>Makes the producer and topic if they are missing; waits for brokers that do not answer.</summary>
    /// <param name="ready">Prepares a new producer before it is used.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="KafkaStreamException">Waiting cannot help.</exception>
    public async Task<IProducer<byte[]?, byte[]?>> ReadyAsync(Action<IProducer<byte[]?, byte[]?>>? ready, CancellationToken cancellation)
    {
        if (Producer is not null)
        {
            return Producer;
        }

        var retry = new KafkaRetry();
        int missing = 0;   // consecutive answers of brokers without the topic
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
                Events.Warn($"{error.Message} Looking for it again.", error);
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

    /// <summary>Gives up the producer; the next batch makes another one.</summary>
    public void GiveUpProducer()
    {
        Producer?.Dispose();
        Producer = null;
    }

    /// <summary>Abandons a producer that is stuck in a call: disposing of it now would block too.</summary>
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
