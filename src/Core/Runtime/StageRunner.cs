using System.Threading.Tasks.Dataflow;

namespace FastStream.Runtime;

/// <summary>
/// Runs one partition of one stage: a TPL Dataflow block whose mailbox holds blocks of records and ends of batches,
/// never single records.
/// </summary>
/// <remarks>
/// The mailbox has no bound of its own: its contents belong to the one batch that is running, and the pool bounds that
/// batch's input. A bound here could only make a sender wait for a receiver that itself waits for a free thread. Not
/// <c>SingleProducerConstrained</c>: that option lost completions (docs/decisions/0004-execution.md).
/// </remarks>
internal sealed class StageRunner
{
    private readonly ActionBlock<StageMessage> _mailbox;

    /// <param name="options">Options of the mailbox.</param>
    /// <param name="stream">One of the stage's streams.</param>
    /// <param name="partition">Number of the partition, from 0.</param>
    /// <param name="index">Number of the runner in its graph, from 0.</param>
    public StageRunner(ExecutionDataflowBlockOptions options, DStream stream, int partition, int index)
    {
        _mailbox = new ActionBlock<StageMessage>(Handle, options);
        Stream = stream;
        Partition = partition;
        Index = index;
    }

    public DStream Stream { get; }

    public int Partition { get; }

    public int Index { get; }

    public void Post(StageMessage message)
    {
        message.Batch.AddPending();
        if (!_mailbox.Post(message))
        {
            message.Root.Drop(message);
            message.Batch.Fail(new InvalidOperationException("The stage is closed: the context has stopped."));
            message.Batch.RemovePending();
        }
    }

    public Task CloseAsync()
    {
        _mailbox.Complete();
        return _mailbox.Completion;
    }

    private void Handle(StageMessage message)
    {
        StageTimes? times = message.Batch.StageTimes;
        long began = times?.Now() ?? 0;
        try
        {
            if (message.Batch.IsFailed)
            {
                message.Root.Drop(message);
            }
            else
            {
                message.Root.Receive(message);
            }
        }
        catch (Exception error)
        {
            message.Batch.Fail(error);
        }
        finally
        {
            times?.Add(Index, began);
            message.Batch.RemovePending();
        }
    }
}

/// <summary>
/// One message to a stage: a block of records for a root, or (without records) the end of one sender's part of the
/// batch.
/// </summary>
/// <param name="Root">The root where it enters the stage.</param>
/// <param name="Batch">The batch to which it belongs.</param>
/// <param name="Records">A pooled array of the root's record type; null for an end.</param>
/// <param name="Count">Records in the array.</param>
/// <param name="Sender">Number of the sending partition.</param>
internal readonly record struct StageMessage(StageRoot Root, BatchContext Batch, object? Records, int Count, int Sender);

/// <summary>Where records enter a stage: an input, or the receiving side of an exchange.</summary>
internal abstract class StageRoot : IDisposable
{
    /// <summary>Takes a message and runs the chain.</summary>
    public abstract void Receive(in StageMessage message);

    /// <summary>Releases the content of the message without running anything: its batch has failed.</summary>
    public virtual void Drop(in StageMessage message)
    {
    }

    /// <summary>Discards partial work here and in the chain.</summary>
    public abstract void Reset(BatchContext batch);

    /// <summary>Sets the place of an input root among the inputs of a batch.</summary>
    public virtual void BindInput(IReadOnlyDictionary<object, int> indexes)
    {
    }

    public virtual void Dispose()
    {
    }
}
