using System.Threading.Channels;

namespace FastStream;

public static partial class StreamingContextSources
{
    /// <summary>
    /// Takes the records of a channel as they come. When <see cref="StreamingOptions.MaxBufferedRecords"/> are held, it
    /// reads no more, and the writers of a bounded channel wait.
    /// </summary>
    /// <remarks>
    /// After the channel's completion the stream goes on with empty batches; with an error, the policy for failed
    /// batches decides: under <see cref="BatchFailurePolicy.FailContext"/> what came before it goes through a last
    /// batch and the context fails, else listeners hear of it. A graceful stop still takes what is in the channel, as
    /// far as there is room. The stream reads the channel alone, or shares it with other readers: every record goes to
    /// one of them.
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
    /// Takes what is given to a writer, which tells when a record counts: for producers that answer somebody, such as a
    /// handler of HTTP requests or a consumer of a queue.
    /// </summary>
    /// <remarks>
    /// What is written before the context starts waits for the first batch; a graceful stop processes what was written
    /// before it; after the stop the writer refuses everything.
    /// See <see cref="AcknowledgedWriter{T}"/> for when a record counts.
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
                // Room first, then the record: one that was read cannot go back.
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
            // A channel that failed stays so: beginning again would only fail again.
            Stop($"The channel ended with an error: {error.Message}", error);
        }
    }

    // What was written before the stop, as far as there is room for it; a writer that goes on for ever is not followed.
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
