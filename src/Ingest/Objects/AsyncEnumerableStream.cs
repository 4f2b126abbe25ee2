namespace FastStream;

public static partial class StreamingContextSources
{
    /// <summary>
    /// Takes the records of a sequence as they come; does not move to the next one while the stream holds
    /// <see cref="StreamingOptions.MaxBufferedRecords"/>.
    /// </summary>
    /// <remarks>
    /// When the sequence has ended, the stream continues with empty batches. When the sequence fails, the policy for
    /// failed batches decides: under <see cref="BatchFailurePolicy.FailContext"/> the records before the failure are in
    /// a last batch and the context fails; otherwise listeners are told. A stop cancels the sequence's token.
    /// </remarks>
    /// <example><code>context.AsyncEnumerableStream(client.ReadAllAsync()).Print();</code></example>
    /// <param name="context">The context.</param>
    /// <param name="records">The sequence; enumerated once, beginning at the context's start.</param>
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
            // Applies even if only the disposal failed: enumerating again would give the same records twice.
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
                // Room first, then the record: a record that the sequence has given cannot be put back.
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
                        // A sequence that ignores its token must not delay the stop.
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

    // A sequence may not be disposed while it moves: the disposal then follows the move.
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
