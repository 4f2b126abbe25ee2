using System.Threading.Tasks.Dataflow;

namespace FastStream;

public static partial class DStreamOperators
{
    /// <summary>
    /// Sends every record to a dataflow block, batch by batch, partition by partition, in order. Waits while the block
    /// postpones, and the next batch waits too.
    /// </summary>
    /// <remarks>
    /// A batch that runs again is sent again. Stopping at once ends the wait and drops the rest of the batch. If a text
    /// is found in an object, an open class or a delegate, the batch fails before its first record is sent.
    /// </remarks>
    /// <example><code>orders.LinkTo(new ActionBlock&lt;Order&gt;(Ship), new DataflowLinkOptions { PropagateCompletion =
    /// true });</code></example>
    /// <param name="stream">The stream. Its records outlive their batch, so that they cannot be or hold a
    /// <see cref="Utf8Text"/> or <see cref="Group{T}"/>.</param>
    /// <param name="target">The block. If it declines a record, because it was completed or has failed, the batch
    /// fails.</param>
    /// <param name="options">With PropagateCompletion, the block is completed when the context stops, or faulted with
    /// the failure that stopped the context; by default neither, as between blocks. Append and MaxMessages do not
    /// apply.</param>
    /// <exception cref="ArgumentException">The record is or holds a <see cref="Utf8Text"/> or <see cref="Group{T}"/>, also in a
    /// field.</exception>
    public static OutputOperation LinkTo<T>(this DStream<T> stream, ITargetBlock<T> target, DataflowLinkOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(target);
        LifetimeCheck.ThrowIfRecordsEndWithBatch<T>("LinkTo");
        OutputOperation output = stream.AddOutput("LinkTo", async (batch, cancellation) =>
        {
            LifetimeCheck.ThrowIfTextIsHidden(batch);
            foreach (T record in batch)
            {
                if (!target.Post(record) && !await target.SendAsync(record, cancellation).ConfigureAwait(false))
                {
                    throw new InvalidOperationException(
                        $"The linked block {target} declines records: it was completed or has failed. Complete it "
                        + "after the context, or propagate the completion.");
                }
            }
        });
        if (options?.PropagateCompletion == true)
        {
            stream.Context.WhenStopped(failure => End(target, failure));
        }

        return output;
    }

    private static void End<T>(ITargetBlock<T> target, Exception? failure)
    {
        if (failure is null)
        {
            target.Complete();
        }
        else
        {
            target.Fault(failure);
        }
    }
}
