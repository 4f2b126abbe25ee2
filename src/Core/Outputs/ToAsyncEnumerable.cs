using System.Threading.Channels;

namespace FastStream;

/// <summary>Gives the batches to an <c>await foreach</c>.</summary>
public static class ToAsyncEnumerableExtensions
{
    /// <summary>The stream's batches, also empty ones, in time order, for one <c>await foreach</c>. Describe it before the start; then enumerate.</summary>
    /// <remarks>
    /// A batch is valid until the loop asks for the next one, and the next batch's output waits until then: nothing piles up but the batches that wait to be
    /// processed. A loop that never comes holds all batches up. A loop that was left lets all later batches pass by unread. The sequence ends when the context
    /// stops, with the failure if one stopped it; a stop at once does not wait for the loop's body.
    /// </remarks>
    /// <example><code>
    /// var batches = counts.ToAsyncEnumerable();
    /// context.Start();
    /// await foreach (var batch in batches) Console.WriteLine($"{batch.Time}: {batch.Count}");
    /// </code></example>
    /// <param name="stream">The stream.</param>
    /// <exception cref="InvalidOperationException">The context was started already; or the sequence is enumerated for a second time.</exception>
    public static IAsyncEnumerable<Batch<T>> ToAsyncEnumerable<T>(this DStream<T> stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        var sequence = new BatchSequence<T>();
        stream.AddOutput("ToAsyncEnumerable", sequence.HandOverAsync);
        stream.Context.WhenStopped(sequence.Complete);
        return sequence;
    }
}

/// <summary>Hands one batch at a time from the output to the loop. The output waits for the loop to be done with it.</summary>
internal sealed class BatchSequence<T> : IAsyncEnumerable<Batch<T>>
{
    private readonly Channel<Handover> _handovers = Channel.CreateUnbounded<Handover>();   // at most one: the output waits for it
    private readonly TaskCompletionSource _left = new(TaskCreationOptions.RunContinuationsAsynchronously);   // done when the loop was left
    private int _enumerated;   // 1 after the first enumeration began

    public async ValueTask HandOverAsync(Batch<T> batch, CancellationToken cancellationToken)
    {
        if (_left.Task.IsCompleted)
        {
            return;
        }

        // The loop holds the batch too: a stop at once may let the output go while the loop still reads.
        batch.Retain();
        var handover = new Handover(batch);
        _handovers.Writer.TryWrite(handover);
        try
        {
            await Task.WhenAny(handover.Done, _left.Task).WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            handover.WithdrawIfUnread();
        }
    }

    public void Complete(Exception? failure) => _handovers.Writer.TryComplete(failure);

    public async IAsyncEnumerator<Batch<T>> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        if (Interlocked.Exchange(ref _enumerated, 1) != 0)
        {
            throw new InvalidOperationException("The batches are enumerated already; they pass by once. Call ToAsyncEnumerable once for each loop.");
        }

        try
        {
            await foreach (Handover handover in _handovers.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                if (!handover.TryTake())
                {
                    continue;
                }

                try
                {
                    yield return handover.Batch;
                }
                finally
                {
                    handover.Finish();
                }
            }
        }
        finally
        {
            _left.TrySetResult();
        }
    }

    /// <summary>One batch on its way to the loop: taken by the loop or withdrawn by the output, whichever comes first.</summary>
    private sealed class Handover(Batch<T> batch)
    {
        private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _decided;   // 1 once taken or withdrawn

        public Batch<T> Batch => batch;

        public Task Done => _done.Task;

        public bool TryTake() => Interlocked.Exchange(ref _decided, 1) == 0;

        public void WithdrawIfUnread()
        {
            if (TryTake())
            {
                batch.Release();
            }
        }

        public void Finish()
        {
            batch.Release();
            _done.TrySetResult();
        }
    }
}
