using Confluent.Kafka;

namespace FastStream;

/// <summary>Writes batches exactly once: one transaction for each batch, which also commits the batch's time.</summary>
/// <remarks>
/// If the outcome of a transaction is unknown, the writer makes a new producer of the same name. That ends the open
/// transaction one way or the other, and the committed time then says which way.
/// docs/decisions/0029-kafka-exactly-once.md has the reasons.
/// </remarks>
internal sealed class KafkaTransactionWriter<T> : Sink<T>
{
    private const int MostTries = 10;

    private static readonly TimeSpan StepTime = TimeSpan.FromSeconds(5);

    private readonly StreamingContext _context;
    private readonly string _identity;
    private readonly KafkaSink _sink;
    private readonly BatchProducer<T> _batches;
    private readonly List<(long Index, Error Error, string Place)> _refused = [];   // records of the batch being attempted
    private readonly CancellationTokenSource _closed = new();
    private PutOutTimes? _times;
    private BatchTime? _last;                       // the last committed batch, according to Kafka
    private BatchTime? _attempted;                  // the last batch that this run has attempted
    private Task _opening = Task.CompletedTask;

    public KafkaTransactionWriter(StreamingContext context, KafkaSinkOptions options, Func<T, KafkaMessage> message)
    {
        _context = context;
        _identity = options.Identity(context);
        _sink = new KafkaSink(context, options, _identity);
        _batches = new BatchProducer<T>(options, message);
    }

    // At once, so that an earlier program of the same name is fenced before this one writes anything.
    protected override ValueTask OpenAsync(SinkContext context, CancellationToken cancellationToken)
    {
        _opening = Task.Run(() => _sink.ReadyAsync(Begin, _closed.Token), CancellationToken.None);
        return ValueTask.CompletedTask;
    }

    protected override async ValueTask WriteAsync(Batch<T> batch, CancellationToken cancellationToken)
    {
        await _opening.WaitAsync(cancellationToken).ConfigureAwait(false);
        if (batch.IsEmpty)
        {
            return;
        }

        _refused.Clear();
        for (int tries = 1; ; tries++)
        {
            IProducer<byte[]?, byte[]?> producer = await ReadyAsync(cancellationToken).ConfigureAwait(false);
            if (IsCommitted(batch))
            {
                return;
            }

            _attempted = batch.Time;
            batch.ThrowIfLeftBehind();

            // Follows each record only where refused records are dropped, because that allocates.
            Deliveries? deliveries = _sink.Options.RefusedRecords == KafkaRefusedPolicy.LeaveOut ? new Deliveries() : null;
            try
            {
                Write(producer, batch, deliveries, cancellationToken);
                _last = batch.Time;
                AddRefused(deliveries);
                Refused.Handle(_sink, batch.Time, _refused);
                return;
            }
            catch (KafkaException error) when (Deliveries.IsRefusal(error.Error))
            {
                TryAbort(producer, cancellationToken);
                if (deliveries is null)
                {
                    throw Refused.Failure(batch.Time, error);
                }

                if (!await HasNewlyRefusedAsync(deliveries).ConfigureAwait(false) && tries >= MostTries)
                {
                    throw Refused.Failure(batch.Time, error);   // the brokers do not say which record
                }
            }
            catch (KafkaTxnRequiresAbortException error) when (tries < MostTries)
            {
                _sink.Events.WarnOf(error.Error, $"Batch {batch.Time} is written again.");
                TryAbort(producer, cancellationToken);
            }
            catch (KafkaException error) when (!IsEnd(error.Error) && tries < MostTries)
            {
                _sink.Events.WarnOf(error.Error, $"Asking the brokers whether batch {batch.Time} was committed.");
                _sink.GiveUpProducer();
            }
            catch (KafkaException error)
            {
                _sink.GiveUpProducer();
                throw Ended(error);
            }
            catch when (_sink.Producer is not null)
            {
                AbortOnce(producer);   // the user's message function threw, or the context stops
                throw;
            }
        }
    }

    protected override async ValueTask CloseAsync()
    {
        await _closed.CancelAsync().ConfigureAwait(false);
        await _opening.ContinueWith(static _ => { }, TaskScheduler.Default).ConfigureAwait(false);
        _sink.Dispose();
        _times?.Dispose();
        _closed.Dispose();
    }

    private async Task<IProducer<byte[]?, byte[]?>> ReadyAsync(CancellationToken cancellation)
    {
        try
        {
            return await _sink.ReadyAsync(Begin, cancellation).ConfigureAwait(false);
        }
        catch (KafkaException error) when (IsEnd(error.Error))
        {
            throw Ended(error);
        }
    }

    // Ends the transaction that an earlier producer of the name left open, and then asks which batch was committed
    // last.
    private void Begin(IProducer<byte[]?, byte[]?> producer)
    {
        Retried(() => producer.InitTransactions(StepTime), _closed.Token);
        _times ??= new PutOutTimes(_sink.Options, _identity);
        _last = _times.Last();
    }

    private bool IsCommitted(Batch<T> batch)
    {
        if (_last is not { } last || batch.Time > last)
        {
            return false;
        }

        if (batch.IsReplay || batch.Time == _attempted)
        {
            return true;
        }

        throw new KafkaStreamException(
            $"{_sink.Options.Topic} has batches of {_identity} up to {last}, and this program is at {batch.Time}, "
                + "which it has not written before: another program has the same name, or the checkpoint directory is "
            + "older than the topic or was begun anew. Give the program or the output a name of its own, or begin "
                + $"anew with a group {_identity} that is deleted.");
    }

    private void Write(IProducer<byte[]?, byte[]?> producer, Batch<T> batch, Deliveries? deliveries, CancellationToken cancellation)
    {
        TimeProvider clock = _context.Options.TimeProvider;
        long begun = clock.GetTimestamp();
        producer.BeginTransaction();
        _batches.Produce(producer, batch, _refused.Select(each => each.Index).ToHashSet(), deliveries, cancellation);
        Retried(() => SendTime(producer, batch.Time, cancellation), cancellation);
        KafkaFailPoint.Pass("kafka sent");
        Retried(() => producer.CommitTransaction(StepTime), cancellation);
        KafkaFailPoint.Pass("kafka committed");
        _sink.Metrics.Transactions!.Record(clock.GetElapsedTime(begun).TotalSeconds);
    }

    // The client's call does not keep its own time-out when the group's coordinator is gone, and may then never return
    // (librdkafka 2.16 and before).
    private void SendTime(IProducer<byte[]?, byte[]?> producer, BatchTime time, CancellationToken cancellation)
    {
        Task sending = Task.Run(() => _times!.Send(producer, time, StepTime), CancellationToken.None);
        bool isDone = false;
        try
        {
            isDone = Task.WaitAny([sending], (int)(2 * StepTime).TotalMilliseconds, cancellation) == 0;
        }
        finally
        {
            if (!isDone)
            {
                _sink.AbandonProducer(sending);
            }
        }

        if (!isDone)
        {
            throw new KafkaException(new Error(ErrorCode.Local_TimedOut, "The group's coordinator did not answer"));
        }

        sending.GetAwaiter().GetResult();
    }

    // The abort has ended the delivery of every record that was on its way.
    private async Task<bool> HasNewlyRefusedAsync(Deliveries deliveries)
    {
        int before = _refused.Count;
        await deliveries.EndAsync().WaitAsync(StepTime).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        AddRefused(deliveries);
        return _refused.Count > before;
    }

    private void AddRefused(Deliveries? deliveries)
    {
        foreach ((long Index, Error Error, string Place) each in deliveries?.Refused ?? [])
        {
            if (!_refused.Exists(known => known.Index == each.Index))
            {
                _refused.Add(each);
            }
        }
    }

    // The client continues where it was: the error only says that the brokers have not answered yet.
    private void Retried(Action step, CancellationToken cancellation)
    {
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            try
            {
                step();
                return;
            }
            catch (KafkaRetriableException error)
            {
                _sink.Events.WarnOf(error.Error, $"The transaction of {_identity} goes on when the brokers answer.");
                cancellation.WaitHandle.WaitOne(TimeSpan.FromMilliseconds(50));
            }
        }
    }

    private void TryAbort(IProducer<byte[]?, byte[]?> producer, CancellationToken cancellation)
    {
        try
        {
            Retried(() => producer.AbortTransaction(StepTime), cancellation);
        }
        catch (KafkaException error) when (!IsEnd(error.Error))
        {
            _sink.GiveUpProducer();   // the next producer ends the open transaction
        }
    }

    // Aborts so that readers need not wait for the transaction's time-out; if no broker answers, they must wait.
    private void AbortOnce(IProducer<byte[]?, byte[]?> producer)
    {
        try
        {
            producer.AbortTransaction(StepTime);
        }
        catch (KafkaException)
        {
            _sink.GiveUpProducer();
        }
    }

    private static bool IsEnd(Error error) => KafkaErrors.IsFenced(error) || KafkaErrors.IsFinal(error);

    private KafkaStreamException Ended(KafkaException error)
    {
        if (!KafkaErrors.IsFenced(error.Error))
        {
            return new KafkaStreamException(KafkaErrors.Sentence(error.Error, _sink.Options.BootstrapServers), error);
        }

        var failure = new KafkaStreamException(
            $"Another program has taken the name {_identity} for its output to {_sink.Options.Topic}, or a "
                + $"transaction was open for longer than TransactionTimeout ({_sink.Options.TransactionTimeout}), as when this "
            + "program was stopped for so long: its open transaction is void. Run one program of a job at a time; "
                + "where there was no other, start this one again, and it goes on with the batch.",
            error);
        _context.Fail(new StreamingException(failure.Message, failure));
        return failure;
    }
}
