using System.Diagnostics.CodeAnalysis;
using System.Threading.Tasks.Dataflow;

namespace FastStream;

public static partial class StreamingContextSources
{
    /// <summary>
    /// Takes the messages of a block, and links to it when the context starts. While the stream holds
    /// <see cref="StreamingOptions.MaxBufferedRecords"/>, the block keeps its messages.
    /// </summary>
    /// <remarks>
    /// When the block has completed, the stream continues with empty batches. When the block faults, the policy for
    /// failed batches decides: under <see cref="BatchFailurePolicy.FailContext"/> the records before the fault are in a
    /// last batch and the context fails; otherwise listeners are told.
    /// </remarks>
    /// <example><code>context.DataflowStream(parseBlock).Print();</code></example>
    /// <param name="context">The context.</param>
    /// <param name="source">The block.</param>
    public static DStream<T> DataflowStream<T>(this StreamingContext context, ISourceBlock<T> source)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(source);
        return new ReceiverInputDStream<T>(context, new MailboxReceiver<T>(source), "Dataflow");
    }

    /// <summary>
    /// Makes a mailbox, such as an actor has: any thread posts, and each batch takes what was posted since the last
    /// one.
    /// </summary>
    /// <remarks>
    /// While the mailbox holds <see cref="StreamingOptions.MaxBufferedRecords"/>, <c>Post</c> returns false and
    /// <c>SendAsync</c> waits. Records posted before the context starts wait for the first batch; after the stop, or
    /// after its own completion, the mailbox declines everything.
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
            // A faulted block stays faulted.
            Stop($"The source block failed: {error.Message}", error);
        }
        finally
        {
            Mailbox.Complete();
            await Mailbox.Taking.ConfigureAwait(false);
        }
    }
}

/// <summary>A dataflow target that stores offered messages while there is room, and postpones the others.</summary>
/// <remarks>
/// A source may hold a lock of its own while it offers a message, and needs that lock to give a postponed one:
/// therefore this block takes postponed messages without holding its own lock.
/// </remarks>
internal sealed class Mailbox<T>(ReceiverSupervisor<T> supervisor) : ITargetBlock<T>
{
    private readonly Lock _lock = new();                                                    // guards the fields below
    private readonly Queue<ISourceBlock<T>> _waiting = [];                                  // sources of postponed messages, in order
    // the newest message of each source: it gave earlier ones to other targets
    private readonly Dictionary<ISourceBlock<T>, DataflowMessageHeader> _postponed = [];
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _ended = new();                                // ends the wait for room
    // takes postponed messages; null when there are none
    private Task? _taking;
    private bool _declining;

    /// <summary>Completes when no postponed message is being taken.</summary>
    public Task Taking
    {
        get
        {
            lock (_lock)
            {
                return _taking ?? Task.CompletedTask;
            }
        }
    }

    public Task Completion => _completion.Task;

    public DataflowMessageStatus OfferMessage(DataflowMessageHeader messageHeader, T messageValue,
        ISourceBlock<T>? source, bool consumeToAccept)
    {
        lock (_lock)
        {
            if (_declining)
            {
                return DataflowMessageStatus.DecliningPermanently;
            }

            // Postponed messages come first, also while they are being taken.
            if (_taking is not null || !supervisor.TryReserve())
            {
                if (source is null)
                {
                    return DataflowMessageStatus.Declined;
                }

                if (_postponed.TryAdd(source, messageHeader))
                {
                    _waiting.Enqueue(source);
                }

                _postponed[source] = messageHeader;
                _taking ??= Task.Run(TakePostponedAsync);
                return DataflowMessageStatus.Postponed;
            }

            if (consumeToAccept)
            {
                bool consumed;
                try
                {
                    messageValue = source!.ConsumeMessage(messageHeader, this, out consumed)!;
                }
                catch
                {
                    supervisor.Queue.CancelReservation(1);
                    throw;
                }

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
                await supervisor.Queue.ReserveAsync(1, _ended.Token).ConfigureAwait(false);
                await supervisor.PassLimiterAsync(_ended.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            bool stored = false;
            while (!stored && TryTakeFirst(out ISourceBlock<T>? source, out DataflowMessageHeader header))
            {
                T? record = Consume(source, header, out stored);
                if (stored)
                {
                    supervisor.Queue.Add(record!);
                }
            }

            if (!stored)
            {
                supervisor.Queue.CancelReservation(1);
                return;
            }
        }
    }

    // A source that throws is reported, and the others go on: this loop takes for all of them.
    private T? Consume(ISourceBlock<T> source, DataflowMessageHeader header, out bool consumed)
    {
        consumed = false;
        try
        {
            return source.ConsumeMessage(header, this, out consumed);
        }
        catch (Exception error)
        {
            consumed = false;
            supervisor.ReportError($"A linked source did not give a record that it had offered: {error.Message}", error);
            return default;
        }
    }

    private bool TryTakeFirst([NotNullWhen(true)] out ISourceBlock<T>? source, out DataflowMessageHeader header)
    {
        lock (_lock)
        {
            if (_waiting.TryDequeue(out source))
            {
                return _postponed.Remove(source, out header);
            }

            header = default;
            _taking = null;
            return false;
        }
    }

    private void End(Exception? error)
    {
        KeyValuePair<ISourceBlock<T>, DataflowMessageHeader>[] postponed;
        lock (_lock)
        {
            if (_declining)
            {
                return;
            }

            _declining = true;
            postponed = [.. _postponed];
            _postponed.Clear();
            _waiting.Clear();
        }

        _ended.Cancel();

        // Waiting sources offer once more when their reservation is released, and learn that this target takes nothing
        // any more.
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
