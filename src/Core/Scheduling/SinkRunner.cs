namespace FastStream;

/// <summary>Runs outputs in two phases: has them prepared with the batch, and published or aborted at its end.</summary>
/// <remarks>Used by the scheduler's loop and by those who run outputs for it.</remarks>
/// <param name="services">Of the engine.</param>
internal sealed class SinkRunner(BatchServices services)
{
    /// <summary>Whether there is an output in two phases.</summary>
    public bool IsTransactional { get; } = services.Graph.Outputs.Any(output => output is ISinkOutput { IsTransactional: true });

    /// <summary>Runs an output's job, and where it is one in two phases, has it prepared.</summary>
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

    /// <summary>Does away with what sinks have written of a batch that is to be tried again, so that the next try writes it anew.</summary>
    /// <returns>False if a sink cannot: the batch must not be tried again, and <see cref="SettleAsync"/> ends it.</returns>
    public async Task<bool> TryAbortAsync(JobSet batch) => await AbortAsync(batch, all: true).ConfigureAwait(false) is null;

    /// <summary>
    /// Ends a batch for the sinks in two phases: aborts what is not to count, has the batch written down, and publishes
    /// the rest.
    /// </summary>
    /// <param name="batch">The batch; its last try is over.</param>
    /// <param name="stopsContext">Whether the batch is not done, and runs again in the next start.</param>
    /// <param name="commit">Writes down that it is done; gives why that failed.</param>
    /// <returns>Why the batch is not done; null if it is.</returns>
    public async ValueTask<StreamingException?> SettleAsync(JobSet batch, bool stopsContext, Func<StreamingException?> commit)
    {
        StreamingException? failure = (await AbortAsync(batch, all: stopsContext).ConfigureAwait(false)) ?? commit();
        if (failure is not null || batch.Unpublished.Count == 0 || services.Reporter.IsLeftBehind)
        {
            return failure;
        }

        return await ForEachAsync(batch, batch.Unpublished, "publishing by", static (sink, time, token) => sink.PublishAsync(time, token))
            .ConfigureAwait(false);
    }

    // Those that are not done have failed.
    private async ValueTask<StreamingException?> AbortAsync(JobSet batch, bool all)
    {
        if (batch.Unpublished.Count == 0 || services.Reporter.IsLeftBehind)
        {
            return null;
        }

        int[] aborted = [.. batch.Unpublished.Where(index => all || !batch.DoneOutputs.Contains(index))];
        batch.DoneOutputs.ExceptWith(aborted);
        return await ForEachAsync(batch, aborted, "aborting by", static (sink, time, token) => sink.AbortAsync(time, token))
            .ConfigureAwait(false);
    }

    // What fails here leaves a sink as nobody knows: the context stops, and the next start sorts it out.
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
