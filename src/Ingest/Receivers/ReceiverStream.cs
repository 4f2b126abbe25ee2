using System.Buffers;

namespace FastStream;

public static partial class StreamingContextSources
{
    /// <summary>The records that a receiver stores; each batch has what was stored since the last.</summary>
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
    private ReceiverJournal? _journal;              // where the context has checkpoints
    private JournaledRecords<T>? _journaled;        // as the journal

    public ReceiverInputDStream(StreamingContext context, Receiver<T> receiver, string operatorName)
        : base(context, operatorName)
    {
        _supervisor = new ReceiverSupervisor<T>(this, receiver);
    }

    protected internal override ValueTask StartAsync(CancellationToken cancellationToken)
    {
        if (_journal is not null)
        {
            Begin(_journal, _journaled!);
        }

        _supervisor.Start(cancellationToken);
        return ValueTask.CompletedTask;
    }

    internal override bool HasJournal => _journal is not null;

    internal override void UseJournal(string directory)
    {
        _journal = new ReceiverJournal(directory, Name, Context.Options.Checkpoint!.ReceiverJournal, Context.Fail, Serializer.Schema);
        _journaled = new JournaledRecords<T>(_journal, Serializer);
    }

    internal override void RetireJournal(BatchTime oldestKept) => _journal!.Retire(oldestKept);

    protected internal override void SaveBatch(InputBatch<T> batch, IBufferWriter<byte> output)
    {
        if (_journal is { IsOn: true })
        {
            _journal.SaveBatch(output);
        }
        else
        {
            base.SaveBatch(batch, output);
        }
    }

    protected internal override InputBatch<T> LoadBatch(BatchTime time, ReadOnlyMemory<byte> saved)
    {
        ReadOnlySpan<byte> rest = saved.Span;
        if (!JournalRange.TryRead(ref rest, out JournalRange range))
        {
            return base.LoadBatch(time, saved);
        }

        T[] records = _journaled!.Read(_journal!.Load(range), out ArenaLease texts);
        return new RecordInputBatch<T>([records], _ => texts.Dispose());
    }

    protected internal override void SavePosition(BatchTime time, IBufferWriter<byte> output) => _journal!.SavePosition(time, output);

    protected internal override void LoadPosition(ReadOnlySpan<byte> saved) => _journal!.LoadPosition(saved);

    internal override bool IsBackpressured => _supervisor.Queue.Held >= Context.Options.MaxBufferedRecords;

    protected internal override InputBatch<T> Cut(BatchTime time) => _supervisor.Queue.Cut();

    // First that it has ended: what it stored is seen then.
    protected internal override bool HasEnded => _supervisor.HasEnded && _supervisor.Queue.IsEmpty;

    protected internal override ValueTask StopAsync() => _supervisor.StopAsync();

    protected internal override ValueTask CloseAsync()
    {
        _supervisor.Close();
        return _journal?.CloseAsync() ?? ValueTask.CompletedTask;
    }

    private void Begin(ReceiverJournal journal, JournaledRecords<T> journaled)
    {
        List<ReadOnlyMemory<byte>> entries = journal.Begin();
        try
        {
            T[] received = journaled.Read(entries, out ArenaLease texts);
            if (journal.IsOn)
            {
                _supervisor.Queue.Begin(journaled, received, texts);
            }
        }
        catch
        {
            _ = journal.CloseAsync().AsTask();   // an input that did not start is not closed
            throw;
        }
    }
}
