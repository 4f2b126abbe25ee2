using System.Threading.Tasks.Dataflow;

namespace FastStream;

/// <summary>Streams of what TPL Dataflow blocks send, and of what is posted to a mailbox.</summary>
public static class DataflowStreamExtensions
{
    /// <summary>Takes the messages of a block, which is linked to when the context starts. While <see cref="StreamingOptions.MaxBufferedRecords"/> are held, the block keeps its messages.</summary>
    /// <remarks>After the block's completion the stream goes on with empty batches; its fault is reported to listeners.</remarks>
    /// <example><code>context.DataflowStream(parseBlock).Print();</code></example>
    /// <param name="context">The context.</param>
    /// <param name="source">The block.</param>
    public static DStream<T> DataflowStream<T>(this StreamingContext context, ISourceBlock<T> source)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(source);
        return new ReceiverInputDStream<T>(context, new MailboxReceiver<T>(source), "Dataflow");
    }

    /// <summary>A mailbox as an actor has one: any thread posts, and each batch takes what was posted since the last.</summary>
    /// <remarks>
    /// While <see cref="StreamingOptions.MaxBufferedRecords"/> are held, <c>Post</c> gives false and <c>SendAsync</c> waits. What is posted before the context starts waits
    /// for the first batch; after the stop, or its own completion, the mailbox declines everything.
    /// </remarks>
    /// <example><code>
    /// context.DataflowStream(out ITargetBlock&lt;Order&gt; orders).Print();
    /// await orders.SendAsync(order);
    /// </code></example>
    /// <param name="context">The context.</param>
    /// <param name="mailbox">Where to post. Safe from any thread.</param>
    public static DStream<T> DataflowStream<T>(this StreamingContext context, out ITargetBlock<T> mailbox)
    {
        ArgumentNullException.ThrowIfNull(context);
        var receiver = new MailboxReceiver<T>(null);
        var stream = new ReceiverInputDStream<T>(context, receiver, "Mailbox");
        mailbox = receiver.Mailbox;
        return stream;
    }
}

internal sealed class MailboxReceiver<T>(ISourceBlock<T>? source) : Receiver<T>
{
    private Mailbox<T>? _mailbox;

    public Mailbox<T> Mailbox => LazyInitializer.EnsureInitialized(ref _mailbox, () => new Mailbox<T>(Supervisor));

    protected override async Task RunAsync(CancellationToken stop)
    {
        using IDisposable? link = source?.LinkTo(Mailbox, new DataflowLinkOptions { PropagateCompletion = true });
        try
        {
            await Mailbox.Completion.WaitAsync(stop).ConfigureAwait(false);
        }
        catch (Exception error) when (!(error is OperationCanceledException && stop.IsCancellationRequested))
        {
            // A block that faulted stays so.
            Stop($"The source block failed: {error.Message}", error);
        }
        finally
        {
            Mailbox.Complete();
        }
    }
}

/// <summary>A dataflow target that stores what is offered while there is room, and postpones what is not.</summary>
/// <remarks>Its lock is held while it talks to sources, as in Dataflow's own targets; sources never call a target with a lock of theirs held that the target's calls need.</remarks>
internal sealed class Mailbox<T>(ReceiverSupervisor<T> supervisor) : ITargetBlock<T>
{
    private readonly Lock _lock = new();                                                    // guards the fields below
    private readonly Queue<(ISourceBlock<T> Source, DataflowMessageHeader Header)> _postponed = [];
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _taking;                                                                   // a task waits for room
    private bool _declining;

    public Task Completion => _completion.Task;

    public DataflowMessageStatus OfferMessage(DataflowMessageHeader messageHeader, T messageValue, ISourceBlock<T>? source, bool consumeToAccept)
    {
        lock (_lock)
        {
            if (_declining)
            {
                return DataflowMessageStatus.DecliningPermanently;
            }

            // What was postponed comes first.
            if (_postponed.Count > 0 || !supervisor.TryReserve())
            {
                if (source is null)
                {
                    return DataflowMessageStatus.Declined;
                }

                _postponed.Enqueue((source, messageHeader));
                if (!_taking)
                {
                    _taking = true;
                    _ = Task.Run(TakePostponedAsync);
                }

                return DataflowMessageStatus.Postponed;
            }

            if (consumeToAccept)
            {
                messageValue = source!.ConsumeMessage(messageHeader, this, out bool consumed)!;
                if (!consumed)
                {
                    supervisor.Queue.CancelReservation(1);
                    return DataflowMessageStatus.NotAvailable;
                }
            }

            supervisor.Queue.Add(messageValue);
            return DataflowMessageStatus.Accepted;
        }
    }

    public void Complete() => End(null);

    public void Fault(Exception exception) => End(exception);

    private async Task TakePostponedAsync()
    {
        while (true)
        {
            try
            {
                await supervisor.Queue.ReserveAsync(1, supervisor.Aborted).ConfigureAwait(false);
                await supervisor.PassLimiterAsync(supervisor.Aborted).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            lock (_lock)
            {
                bool stored = false;
                while (!stored && _postponed.TryDequeue(out (ISourceBlock<T> Source, DataflowMessageHeader Header) next))
                {
                    T? record = next.Source.ConsumeMessage(next.Header, this, out stored);
                    if (stored)
                    {
                        supervisor.Queue.Add(record!);
                    }
                }

                if (!stored)
                {
                    supervisor.Queue.CancelReservation(1);
                    _taking = false;
                    return;
                }
            }
        }
    }

    private void End(Exception? error)
    {
        List<(ISourceBlock<T> Source, DataflowMessageHeader Header)> postponed;
        lock (_lock)
        {
            if (_declining)
            {
                return;
            }

            _declining = true;
            postponed = [.. _postponed];
            _postponed.Clear();
        }

        // Sources that wait offer once more when their reservation is let go, and learn that nothing is taken any more.
        foreach ((ISourceBlock<T> source, DataflowMessageHeader header) in postponed)
        {
            if (source.ReserveMessage(header, this))
            {
                source.ReleaseReservation(header, this);
            }
        }

        if (error is null)
        {
            _completion.TrySetResult();
        }
        else
        {
            _completion.TrySetException(error);
        }
    }
}
