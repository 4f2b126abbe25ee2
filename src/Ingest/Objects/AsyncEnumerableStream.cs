namespace FastStream;

public static partial class StreamingContextSources
{
    /// <summary>
    /// Takes the records of a sequence as they come; asks for no next one while
    /// <see cref="StreamingOptions.MaxBufferedRecords"/> are held.
    /// </summary>
    /// <remarks>
    /// After its end the stream goes on with empty batches; an error ends it too, and the policy for failed batches decides:
    /// under <see cref="BatchFailurePolicy.FailContext"/> what came before it goes through a last batch and the context
    /// fails, else listeners hear of it. A stop cancels the sequence's token.
    /// </remarks>
    /// <example><code>context.AsyncEnumerableStream(client.ReadAllAsync()).Print();</code></example>
    /// <param name="context">The context.</param>
    /// <param name="records">The sequence; enumerated once, from the context's start on.</param>
    public static DStream<T> AsyncEnumerableStream<T>(this StreamingContext context, IAsyncEnumerable<T> records)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(records);
        return new ReceiverInputDStream<T>(context, new AsyncEnumerableReceiver<T>(records), "AsyncEnumerable");
    }
}

internal sealed class AsyncEnumerableReceiver<T>(IAsyncEnumerable<T> records) : Receiver<T>
{
    protected override async Task RunAsync(CancellationToken stop)
    {
        try
        {
            await TakeAsync(stop).ConfigureAwait(false);
        }
        catch (Exception error) when (!(error is OperationCanceledException && stop.IsCancellationRequested))
        {
            // Also when only its disposal failed: enumerating again would give the same records twice.
            Stop($"The sequence failed: {error.Message}", error);
        }
    }

    private async Task TakeAsync(CancellationToken stop)
    {
        IAsyncEnumerator<T> enumerator = records.GetAsyncEnumerator(stop);
        Task<bool>? moving = null;
        try
        {
            while (true)
            {
                // Room first, then the record: one that the sequence gave cannot go back.
                await Supervisor.Queue.ReserveAsync(1, stop).ConfigureAwait(false);
                bool stored = false;
                try
                {
                    ValueTask<bool> move = enumerator.MoveNextAsync();
                    bool moved;
                    if (move.IsCompletedSuccessfully)
                    {
                        moved = move.Result;
                    }
                    else
                    {
                        // A sequence that does not look at its token must not hold up the stop.
                        moving = move.AsTask();
                        moved = await moving.WaitAsync(stop).ConfigureAwait(false);
                        moving = null;
                    }

                    if (!moved)
                    {
                        return;
                    }

                    T record = enumerator.Current;
                    stored = true;
                    await Supervisor.StoreReservedAsync(record, stop).ConfigureAwait(false);
                }
                finally
                {
                    if (!stored)
                    {
                        Supervisor.Queue.CancelReservation(1);
                    }
                }
            }
        }
        finally
        {
            await DisposeAsync(enumerator, moving).ConfigureAwait(false);
        }
    }

    // A sequence may not be disposed while it moves: then that follows when it is done.
    private static ValueTask DisposeAsync(IAsyncEnumerator<T> enumerator, Task<bool>? moving)
    {
        if (moving is null or { IsCompleted: true })
        {
            return enumerator.DisposeAsync();
        }

        _ = moving.ContinueWith(
            static (move, state) =>
            {
                _ = move.Exception;
                return ((IAsyncEnumerator<T>)state!).DisposeAsync().AsTask();
            },
            enumerator,
            CancellationToken.None,
            TaskContinuationOptions.None,
            TaskScheduler.Default);
        return ValueTask.CompletedTask;
    }
}
