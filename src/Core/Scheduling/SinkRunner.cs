namespace FastStream;

/// <summary>Runs two-phase outputs: prepares them with the batch, and publishes or aborts them at its end.</summary>
/// <remarks>Used by the scheduler's loop and by the output runner.</remarks>
/// <param name="services">The engine's services.</param>
internal sealed class SinkRunner(BatchServices services)
{
    /// <summary>Whether there is a two-phase output.</summary>
    public bool IsTransactional { get; } = services.Graph.Outputs.Any(output => output is ISinkOutput { IsTransactional: true });

    /// <summary>Runs an output's job, and prepares it if it is a two-phase output.</summary>
    public async ValueTask RunAsync(JobSet batch, OutputJob job, int index)
    {
        if (services.Graph.Outputs[index] is not ISinkOutput { IsTransactional: true } sink)
        {
            await job.RunAsync(services.Abort).ConfigureAwait(false);
            return;
        }

        lock (batch.DoneOutputs)
        {
            batch.Unpublished.Add(index);
        }

        await job.RunAsync(services.Abort).ConfigureAwait(false);
        await sink.PrepareAsync(batch.Time, services.Abort).ConfigureAwait(false);
    }

    /// <summary>
    /// Aborts what sinks have written of a batch that will be attempted again, so that the next attempt writes it anew.
    /// </summary>
    /// <returns>
    /// False if a sink cannot: the batch must not be attempted again, and ends.
    /// </returns>
    public async ValueTask<bool> TryAbortAsync(JobSet batch) => await AbortAsync(batch, all: true).ConfigureAwait(false) is null;

    /// <summary>Before the outcome of a batch is logged: aborts what must not count.</summary>
    /// <param name="batch">The batch; its last attempt has ended.</param>
    /// <param name="all">Whether nothing of it counts, because the next start runs it again; else the outputs that failed.</param>
    /// <returns>Why a sink could not; null if all could.</returns>
    public ValueTask<StreamingException?> AbortAsync(JobSet batch, bool all) =>
        batch.HasUnpublished && !services.Reporter.IsLeftBehind ? AbortUnpublishedAsync(batch, all) : default;

    /// <summary>After the outcome of a batch was logged: publishes what sinks have prepared.</summary>
    /// <returns>Why a sink could not; null if all could.</returns>
    public ValueTask<StreamingException?> PublishAsync(JobSet batch) =>
        batch.HasUnpublished && !services.Reporter.IsLeftBehind
            ? ForEachAsync(batch, batch.Unpublished, "publishing by", static (sink, time, token) => sink.PublishAsync(time, token))
            : default;

    // Outputs that are not done have failed.
    private ValueTask<StreamingException?> AbortUnpublishedAsync(JobSet batch, bool all)
    {
        int[] aborted = [.. batch.Unpublished.Where(index => all || !batch.DoneOutputs.Contains(index))];
        batch.DoneOutputs.ExceptWith(aborted);
        return ForEachAsync(batch, aborted, "aborting by", static (sink, time, token) => sink.AbortAsync(time, token));
    }

    // After a failure here, the sink's state is unknown: the context stops, and the next start recovers.
    private async ValueTask<StreamingException?> ForEachAsync(
        JobSet batch, IEnumerable<int> indexes, string what, Func<ISinkOutput, BatchTime, CancellationToken, ValueTask> call)
    {
        batch.Own!.Enter();
        StreamingException? failure = null;
        foreach (int index in indexes.Order().ToArray())
        {
            string name = services.Graph.Outputs[index].Name;
            using WorkInHand.InHand inHand = services.Work.Begin(name, batch.Time);
            try
            {
                await call((ISinkOutput)services.Graph.Outputs[index], batch.Time, services.Abort).ConfigureAwait(false);
                batch.Unpublished.Remove(index);
            }
            catch (Exception error)
            {
                var found = new StreamingException(batch.Time, $"{what} {name}", error);
                failure ??= found;
                if (!services.IsCutShort(error))
                {
                    services.Reporter.Fail(found);
                }
            }
        }

        return failure;
    }
}
