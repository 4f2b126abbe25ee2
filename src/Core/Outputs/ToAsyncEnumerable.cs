using System.Threading.Channels;

namespace FastStream;

public static partial class DStreamOperators
{
    /// <summary>
    /// The stream's batches, also empty ones, in time order, for one <c>await foreach</c>. Describe it before the
    /// start, and enumerate it afterwards.
    /// </summary>
    /// <remarks>
    /// A batch is valid until the loop asks for the next one, and the next batch's output waits until then: nothing
    /// piles up but the batches that wait to be processed. If no loop ever asks, all batches wait. After the loop has
    /// been left, later batches go unread. The sequence ends when the context stops, with the failure if one stopped
    /// it; a stop at once does not wait for the loop's body.
    /// </remarks>
    /// <example><code>
    /// var batches = counts.ToAsyncEnumerable();
    /// context.Start();
    /// await foreach (var batch in batches) Console.WriteLine($"{batch.Time}: {batch.Count}");
    /// </code></example>
    /// <param name="stream">The stream.</param>
    /// <exception cref="InvalidOperationException">The context was started already, or the sequence is enumerated for a
    /// second time.</exception>
    public static IAsyncEnumerable<Batch<T>> ToAsyncEnumerable<T>(this DStream<T> stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        var sequence = new BatchSequence<T>(stream.Context);
        stream.AddOutput("ToAsyncEnumerable", sequence.PushAsync);
        stream.Context.WhenStopped(sequence.Complete);
        return sequence;
    }
}

/// <summary>
/// Pushes one batch at a time from the output to the loop. The output waits until the loop has finished with it.
/// </summary>
internal sealed class BatchSequence<T>(StreamingContext context) : IAsyncEnumerable<Batch<T>>
{
    private readonly Channel<Handover> _handovers = Channel.CreateUnbounded<Handover>();   // at most one: the output waits for it
    private readonly TaskCompletionSource _left = new(TaskCreationOptions.RunContinuationsAsynchronously);   // set when the loop is left
    private int _enumerated;   // 1 after the first enumeration began

    public async ValueTask PushAsync(Batch<T> batch, CancellationToken cancellationToken)
    {
        if (_left.Task.IsCompleted)
        {
            return;
        }

        // The loop holds the batch too: a stop at once may end the output while the loop still reads.
        batch.AddHolder();
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

    public IAsyncEnumerator<Batch<T>> GetAsyncEnumerator(CancellationToken cancellationToken = default) =>
        new Loop(context, EnumerateAsync(cancellationToken));

    private async IAsyncEnumerator<Batch<T>> EnumerateAsync(CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _enumerated, 1) != 0)
        {
            throw new InvalidOperationException(
                "The batches are enumerated already; they pass by once. Call ToAsyncEnumerable once for each loop.");
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

    /// <summary>
    /// Marks the loop's body as work of the context, because the output waits for it: a stop that the body awaits must
    /// not wait for the body. The methods are not async, so that the caller's execution context keeps the mark.
    /// </summary>
    private sealed class Loop(StreamingContext context, IAsyncEnumerator<Batch<T>> batches) : IAsyncEnumerator<Batch<T>>
    {
        private readonly OwnWork _body = new(context) { IsOver = true };   // over while the loop waits for a batch

        public Batch<T> Current => batches.Current;

        public ValueTask<bool> MoveNextAsync()
        {
            _body.IsOver = true;
            _body.Enter();
            ValueTask<bool> moving = batches.MoveNextAsync();
            if (!moving.IsCompletedSuccessfully)
            {
                return WaitAsync(moving);
            }

            bool moved = moving.Result;
            _body.IsOver = !moved;
            return new ValueTask<bool>(moved);
        }

        public ValueTask DisposeAsync()
        {
            _body.IsOver = true;
            return batches.DisposeAsync();
        }

        private async ValueTask<bool> WaitAsync(ValueTask<bool> moving)
        {
            bool moved = await moving.ConfigureAwait(false);
            _body.IsOver = !moved;
            return moved;
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
