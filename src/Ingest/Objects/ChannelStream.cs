using System.Threading.Channels;

namespace FastStream;

public static partial class StreamingContextSources
{
    /// <summary>
    /// Takes the records of a channel as they come. While the stream holds
    /// <see cref="StreamingOptions.MaxBufferedRecords"/>, it reads no more, and the writers of a bounded channel wait.
    /// </summary>
    /// <remarks>
    /// When the channel has completed, the stream continues with empty batches. When it completes with an error, the
    /// policy for failed batches decides: under <see cref="BatchFailurePolicy.FailContext"/> the records before the
    /// error are in a last batch and the context fails; otherwise listeners are told. A graceful stop still takes what
    /// is in the channel, as far as there is room. If the stream shares the channel with other readers, each record
    /// goes to one of them.
    /// </remarks>
    /// <example><code>
    /// var channel = Channel.CreateBounded&lt;Order&gt;(1000);
    /// context.ChannelStream(channel.Reader).Print();
    /// await channel.Writer.WriteAsync(order);
    /// </code></example>
    /// <param name="context">The context.</param>
    /// <param name="reader">The channel's reading side.</param>
    public static DStream<T> ChannelStream<T>(this StreamingContext context, ChannelReader<T> reader)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(reader);
        return new ReceiverInputDStream<T>(context, new ChannelReceiver<T>(reader), "Channel");
    }

    /// <summary>
    /// Takes the records given to a writer, which reports when a record counts: for producers that must answer a
    /// caller, such as an HTTP request handler or a queue consumer.
    /// </summary>
    /// <remarks>
    /// Records written before the context starts wait for the first batch. A graceful stop processes the records
    /// written before it; after the stop the writer refuses everything. See <see cref="AcknowledgedWriter{T}"/> for
    /// when a record counts.
    /// </remarks>
    /// <example><code>
    /// context.ChannelStream(out AcknowledgedWriter&lt;Order&gt; orders).Print();
    /// await orders.WriteAsync(order);
    /// </code></example>
    /// <param name="context">The context.</param>
    /// <param name="writer">Where to write. Safe from any thread.</param>
    public static DStream<T> ChannelStream<T>(this StreamingContext context, out AcknowledgedWriter<T> writer)
    {
        ArgumentNullException.ThrowIfNull(context);
        writer = new AcknowledgedWriter<T>();
        return new ReceiverInputDStream<T>(context, writer.Receiver, "AcknowledgedChannel");
    }
}

internal sealed class ChannelReceiver<T>(ChannelReader<T> reader) : Receiver<T>
{
    protected override async Task RunAsync(CancellationToken stop)
    {
        RecordQueue<T> queue = Supervisor.Queue;
        try
        {
            while (await reader.WaitToReadAsync(stop).ConfigureAwait(false))
            {
                // Room first, then the record: a record that was read cannot be put back.
                await queue.ReserveAsync(1, stop).ConfigureAwait(false);
                if (reader.TryRead(out T? record))
                {
                    await Supervisor.StoreReservedAsync(record, stop).ConfigureAwait(false);
                }
                else
                {
                    queue.CancelReservation(1);
                }
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            TakeRest(queue);
        }
        catch (Exception error)
        {
            // A failed channel stays failed: a restart would only fail again.
            Stop($"The channel ended with an error: {error.Message}", error);
        }
    }

    // Takes what was written before the stop, as far as there is room; it does not follow a writer that never stops.
    private void TakeRest(RecordQueue<T> queue)
    {
        int most = reader.CanCount ? reader.Count : int.MaxValue;
        for (int taken = 0; taken < most && queue.TryReserve(1); taken++)
        {
            if (!reader.TryRead(out T? record))
            {
                queue.CancelReservation(1);
                return;
            }

            queue.Add(record);
        }
    }
}
