namespace FastStream;

/// <summary>
/// Runs one batch after another: its operators, then its outputs. It repeats a failed batch where retries are allowed,
/// and finally runs it without its data where something is due.
/// </summary>
/// <remarks>Belongs to the scheduler's loop.</remarks>
/// <param name="services">The engine's services.</param>
/// <param name="outputs">Runs the outputs.</param>
/// <param name="sinks">Ends a batch for outputs in two phases.</param>
/// <param name="running">The batches that are not complete.</param>
/// <param name="completion">Ends a batch.</param>
internal sealed class BatchRunner(
    BatchServices services, OutputRunner outputs, SinkRunner sinks, RunningBatches running, BatchCompletion completion)
{
    private readonly Graph _graph = services.Graph;
    private readonly StreamingOptions _options = services.Options;
    private readonly BatchReporter _reporter = services.Reporter;

    /// <summary>
    /// Runs a batch to its end; where batches may overlap, its outputs may still run beside the next batch.
    /// </summary>
    public async Task RunAsync(JobSet batch)
    {
        BatchContext context = Begin(batch);
        for (int attempt = 0; ; attempt++)
        {
            using (services.Work.Begin(WorkInHand.Operators, batch.Time))
            {
                await _graph.RunAsync(context).ConfigureAwait(false);
            }

            List<OutputJob?>? jobs = EndOperators(batch, context);
            if (jobs is not null && outputs.MayOverlap)
            {
                await outputs.RunBesideNextAsync(batch, context, jobs).ConfigureAwait(false);
                return;
            }

            if (jobs is not null)
            {
                await outputs.RunJobsAsync(batch, jobs).ConfigureAwait(false);
            }

            if (batch.Failure is null || attempt >= _options.BatchRetries || services.Abort.IsCancellationRequested
                || !await sinks.TryAbortAsync(batch).ConfigureAwait(false))
            {
                await EndAsync(batch, context, isThrough: jobs is not null).ConfigureAwait(false);
                return;
            }

            if (jobs is not null)
            {
                // The operators had finished, and only an output had not: the states must not count this batch twice.
                _graph.Reset();
            }

            context = BeginAgain(batch, context, attempt + 1);
        }
    }

    private BatchContext Begin(JobSet batch)
    {
        batch.Own = new OwnWork(services.Context);
        batch.StartedMs = services.Clock.NowMs;
        BatchInfo started = batch.ToInfo();
        _reporter.Post(batch, listener => listener.OnBatchStarted(started));
        batch.StageTimes = _reporter.IsProfileWanted && !batch.IsForStatesOnly ? _graph.BeginProfile(services.Clock.Provider) : null;
        var context = new BatchContext(batch.Time, batch.Inputs)
        {
            Number = batch.Number,
            IsReplay = batch.Recovery is Outcome.Pending or Outcome.WithoutData,
            StageTimes = batch.StageTimes,
        };
        services.Watchdog.Begin(batch.Time);
        running.Add(context);
        return context;
    }

    private BatchContext BeginAgain(JobSet batch, BatchContext context, int retry)
    {
        // A finished output may have retained this attempt's records, which are in the same inputs: the inputs stay
        // until no attempt has a reader.
        BatchContext next = context.NewAttempt();
        running.Replace(context, next);
        context.Release();
        _reporter.Warn($"Batch {batch.Time} is retried ({retry} of {_options.BatchRetries}).", batch.Failure);
        return next;
    }

    // Returns the outputs that are due; null, after a reset, if an operator failed.
    private List<OutputJob?>? EndOperators(JobSet batch, BatchContext context)
    {
        batch.Profile = batch.StageTimes is null ? null : _graph.TakeProfile(batch.StageTimes);
        batch.Failure = context.Failure;
        batch.IsCutShort = context.IsFailed && services.IsCutShort(context.Failure!.InnerException);
        if (context.IsFailed)
        {
            _graph.Reset();
            return null;
        }

        return outputs.TakeJobs(batch, context, ofEarlierOnly: batch.IsWithoutData);
    }

    // No further attempt: the states include the batch, or it is given up.
    private async Task EndAsync(JobSet batch, BatchContext context, bool isThrough)
    {
        Outcome outcome = batch.IsWithoutData ? Outcome.CommittedWithoutData : Outcome.Committed;
        await outputs.FinishEarlierAsync().ConfigureAwait(false);
        if (!isThrough)
        {
            outcome = await RunWithoutDataAsync(batch).ConfigureAwait(false) ? Outcome.CommittedWithoutData : Outcome.Aborted;
        }

        StreamingException? failure = await sinks.AbortAsync(batch, all: services.StopsContext(batch)).ConfigureAwait(false);
        if (failure is null && IsCommitted(batch))
        {
            failure = services.Committer.Commit(batch.Time, outcome);
        }

        failure ??= await sinks.PublishAsync(batch).ConfigureAwait(false);
        if (failure is null && IsCommitted(batch))
        {
            failure = services.Committer.EndBatch(batch.Time);
        }

        completion.Complete(batch, context, failure);
    }

    // A batch that stops the context is not committed: the next start runs it again.
    private bool IsCommitted(JobSet batch) => !services.StopsContext(batch) && !batch.IsForStatesOnly;

    // Records of earlier batches that are due at this time must not be lost with the data of a batch that failed for
    // good.
    private async Task<bool> RunWithoutDataAsync(JobSet batch)
    {
        bool stops = services.StopsContext(batch) || services.Abort.IsCancellationRequested;
        if (stops || batch.IsWithoutData || batch.IsForStatesOnly || !_graph.Due.HasEarlierAt(batch.Time)
            || services.Committer.LogWithoutData(batch.Time) is not null)
        {
            return false;
        }

        var context = new BatchContext(batch.Time, JobSet.EmptyInputs(batch.Time, _graph.Inputs))
            { Number = batch.Number, IsReplay = batch.Recovery == Outcome.Pending };
        running.Add(context);
        using (services.Work.Begin(WorkInHand.Operators, batch.Time))
        {
            await _graph.RunAsync(context).ConfigureAwait(false);
        }

        bool succeeded = !context.IsFailed;
        if (succeeded)
        {
            await outputs.RunJobsAsync(batch, outputs.TakeJobs(batch, context, ofEarlierOnly: true)).ConfigureAwait(false);
        }
        else
        {
            _graph.Reset();
            _reporter.Warn(
                $"Batch {batch.Time} failed without its data too: records of earlier batches that were due, such as a "
                    + "window that ends then, are not output.", context.Failure);
        }

        context.Release();
        running.Remove(context);
        return succeeded;
    }
}
