using System.Threading.Channels;

namespace FastStream;

/// <summary>What happens to a channel when the context stops.</summary>
public enum ChannelCompletion
{
    /// <summary>
    /// The channel is completed: readers get what is in it and then the end, or the failure that stopped the context.
    /// The default.
    /// </summary>
    WithContext,

    /// <summary>The channel stays open, for its other writers.</summary>
    LeaveOpen,
}

public static partial class DStreamOperators
{
    /// <summary>
    /// Writes every record to a channel, batch by batch, partition by partition, in order. Waits while the channel is
    /// full, and the next batch waits too.
    /// </summary>
    /// <remarks>
    /// A batch that runs again, after another of its outputs failed or in a new process, is written again. Stopping at
    /// once ends the wait and drops the rest of the batch. If a text is found in an object, an open class or a
    /// delegate, the batch fails before its first record is written.
    /// </remarks>
    /// <example><code>
    /// var channel = Channel.CreateBounded&lt;string&gt;(1000);
    /// lines.Map(line => line.ToString()).ToChannel(channel.Writer);
    /// </code></example>
    /// <param name="stream">The stream. Its records outlive their batch, so that they cannot be or hold a
    /// <see cref="Utf8Text"/> or <see cref="Group{T}"/>.</param>
    /// <param name="writer">The channel's writer. If others have completed the channel, the batch fails.</param>
    /// <param name="completion">What happens to the channel when the context stops.</param>
    /// <exception cref="ArgumentException">The record is or holds a <see cref="Utf8Text"/> or <see cref="Group{T}"/>, also in a
    /// field.</exception>
    public static OutputOperation ToChannel<T>(this DStream<T> stream, ChannelWriter<T> writer,
        ChannelCompletion completion = ChannelCompletion.WithContext)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(writer);
        LifetimeCheck.ThrowIfRecordsEndWithBatch<T>("ToChannel");
        OutputOperation output = stream.AddOutput("ToChannel", async (batch, cancellation) =>
        {
            LifetimeCheck.ThrowIfTextIsHidden(batch);
            foreach (T record in batch)
            {
                if (!writer.TryWrite(record))
                {
                    await writer.WriteAsync(record, cancellation).ConfigureAwait(false);
                }
            }
        });
        if (completion == ChannelCompletion.WithContext)
        {
            stream.Context.WhenStopped(failure => writer.TryComplete(failure));
        }

        return output;
    }
}
