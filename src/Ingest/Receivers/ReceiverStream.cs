using System.Buffers;

namespace FastStream;

public static partial class StreamingContextSources
{
    /// <summary>
    /// Makes a stream of the records that a receiver stores; each batch has the records stored since the last one.
    /// </summary>
    /// <example><code>context.ReceiverStream(new MqttReceiver("broker", "sensors/#")).Print();</code></example>
    /// <param name="context">The context, which starts and stops the receiver.</param>
    /// <param name="receiver">The receiver; it can feed one stream.</param>
    /// <exception cref="InvalidOperationException">The receiver feeds a stream already, or the context has started.</exception>
    public static DStream<T> ReceiverStream<T>(this StreamingContext context, Receiver<T> receiver)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(receiver);
        return new ReceiverInputDStream<T>(context, receiver, "Receiver");
    }
}

internal sealed class ReceiverInputDStream<T> : InputDStream<T>
{
    private readonly ReceiverSupervisor<T> _supervisor;
    private JournaledRecords<T>? _journaled;        // where there is a journal; made when first asked for

    public ReceiverInputDStream(StreamingContext context, Receiver<T> receiver, string operatorName)
        : base(context, operatorName)
    {
        _supervisor = new ReceiverSupervisor<T>(SourceContext, receiver);
    }

    protected override bool KeepsJournal => true;

    protected override string JournalSchema => Serializer.Schema;

    private JournaledRecords<T> Journaled => _journaled ??= new JournaledRecords<T>(SourceContext.Journal!, Serializer);

    protected override ValueTask StartAsync(CancellationToken cancellationToken)
    {
        if (SourceContext.Journal is { } journal)
        {
            RecordInputBatch<T> received = Journaled.Read(journal.Begin());
            if (journal.IsOn)
            {
                _supervisor.Queue.Begin(Journaled, received);
            }
        }

        _supervisor.Start(cancellationToken);
        return ValueTask.CompletedTask;
    }

    protected override void SaveBatch(InputBatch<T> batch, IBufferWriter<byte> output)
    {
        if (SourceContext.Journal is { IsOn: true } journal)
        {
            journal.SaveBatch(output);
        }
        else
        {
            base.SaveBatch(batch, output);
        }
    }

    protected override InputBatch<T> LoadBatch(BatchTime time, ReadOnlyMemory<byte> saved)
    {
        ReadOnlySpan<byte> rest = saved.Span;
        return SourceContext.Journal!.TryLoad(ref rest, out IReadOnlyList<ReadOnlyMemory<byte>> entries)
            ? Journaled.Read(entries)
            : base.LoadBatch(time, saved);
    }

    protected override bool IsBackpressured => _supervisor.Queue.Held >= Context.Options.MaxBufferedRecords;

    protected override InputBatch<T> Cut(BatchTime time) => _supervisor.Queue.Cut();

    // Ask first whether it has ended: everything it stored is visible then.
    protected override bool HasEnded => _supervisor.HasEnded && _supervisor.Queue.IsEmpty;

    protected override ValueTask StopAsync() => _supervisor.StopAsync();

    protected override ValueTask CloseAsync()
    {
        _supervisor.Close();
        return ValueTask.CompletedTask;
    }
}
