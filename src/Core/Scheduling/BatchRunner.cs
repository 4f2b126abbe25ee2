namespace FastStream;

/// <summary>
/// Runs one batch after another: its operators, then its outputs, again where it may be tried again, and at the end
/// without its data where that is due.
/// </summary>
/// <remarks>Belongs to the scheduler's loop.</remarks>
/// <param name="services">Of the engine.</param>
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

    /// <summary>Runs a batch to its end; where batches may overlap, its outputs can run on beside the next one.</summary>
    public async Task RunAsync(JobSet batch)
    {
        BatchContext scope = Begin(batch);
        for (int attempt = 0; ; attempt++)
        {
            using (services.Work.Begin(WorkInHand.Operators, batch.Time))
            {
                await _graph.RunAsync(scope).ConfigureAwait(false);
            }

            List<OutputJob?>? jobs = EndOperators(batch, scope);
            if (jobs is not null && outputs.MayOverlap)
            {
                await outputs.RunBesideNextAsync(batch, scope, jobs).ConfigureAwait(false);
                return;
            }

            if (jobs is not null)
            {
                await outputs.RunJobsAsync(batch, jobs).ConfigureAwait(false);
            }

            if (batch.Failure is null || attempt >= _options.BatchRetries || services.Abort.IsCancellationRequested
                || !await sinks.TryAbortAsync(batch).ConfigureAwait(false))
            {
                await EndAsync(batch, scope, isThrough: jobs is not null).ConfigureAwait(false);
                return;
            }

            if (jobs is not null)
            {
                // The operators were through, only an output was not: what they keep over batches must not count this batch twice.
                _graph.Reset();
            }

            scope = BeginAgain(batch, scope, attempt + 1);
        }
    }

    private BatchContext Begin(JobSet batch)
    {
        batch.Own = new OwnWork(services.Context);
        batch.StartedMs = services.Clock.NowMs;
        BatchInfo started = batch.ToInfo();
        _reporter.Post(batch, listener => listener.OnBatchStarted(started));
        batch.StageTimes = _reporter.IsProfileWanted && !batch.IsForStatesOnly ? _graph.BeginProfile(services.Clock.Provider) : null;
        var scope = new BatchContext(batch.Time, batch.Inputs)
        {
            Number = batch.Number,
            IsReplay = batch.Recovery is Outcome.Pending or Outcome.WithoutData,
            StageTimes = batch.StageTimes,
        };
        services.Watchdog.Begin(batch.Time);
        running.Add(scope);
        return scope;
    }

    private BatchContext BeginAgain(JobSet batch, BatchContext scope, int retry)
    {
        // An output that was done may have retained this try's records, which lie in the same inputs: they stay until nobody reads any try.
        BatchContext next = scope.NewAttempt();
        running.Replace(scope, next);
        scope.Release();
        _reporter.Warn($"Batch {batch.Time} is tried again ({retry} of {_options.BatchRetries}).", batch.Failure);
        return next;
    }

    // Gives the outputs that are due; null where an operator failed, after a reset.
    private List<OutputJob?>? EndOperators(JobSet batch, BatchContext scope)
    {
        batch.Profile = batch.StageTimes is null ? null : _graph.TakeProfile(batch.StageTimes);
        batch.Failure = scope.Failure;
        batch.IsCutShort = scope.IsFailed && services.IsCutShort(scope.Failure!.InnerException);
        if (scope.IsFailed)
        {
            _graph.Reset();
            return null;
        }

        return outputs.TakeJobs(batch, scope, ofEarlierOnly: batch.IsWithoutData);
    }

    // No further try: the states count the batch, or it is given up.
    private async Task EndAsync(JobSet batch, BatchContext scope, bool isThrough)
    {
        Outcome outcome = batch.IsWithoutData ? Outcome.CommittedWithoutData : Outcome.Committed;
        await outputs.FinishEarlierAsync().ConfigureAwait(false);
        if (!isThrough)
        {
            outcome = await RunWithoutDataAsync(batch).ConfigureAwait(false) ? Outcome.CommittedWithoutData : Outcome.Aborted;
        }

        StreamingException? failure = await sinks.SettleAsync(batch, services.StopsContext(batch),
            () => IsCommitted(batch) ? services.Committer.Commit(batch.Time, outcome) : null).ConfigureAwait(false);
        if (failure is null && IsCommitted(batch))
        {
            failure = services.Committer.EndBatch(batch.Time);
        }

        completion.Complete(batch, scope, failure);
    }

    // A batch that stops the context is not done: the next start runs it again.
    private bool IsCommitted(JobSet batch) => !services.StopsContext(batch) && !batch.IsForStatesOnly;

    // What earlier batches brought, and comes out at this time, is not to go with the data of a batch that failed for good.
    private async Task<bool> RunWithoutDataAsync(JobSet batch)
    {
        bool stops = services.StopsContext(batch) || services.Abort.IsCancellationRequested;
        if (stops || batch.IsWithoutData || batch.IsForStatesOnly || !_graph.Due.HasEarlierAt(batch.Time)
            || services.Committer.LogWithoutData(batch.Time) is not null)
        {
            return false;
        }

        var scope = new BatchContext(batch.Time, JobSet.EmptyInputs(batch.Time, _graph.Inputs))
            { Number = batch.Number, IsReplay = batch.Recovery == Outcome.Pending };
        running.Add(scope);
        using (services.Work.Begin(WorkInHand.Operators, batch.Time))
        {
            await _graph.RunAsync(scope).ConfigureAwait(false);
        }

        bool succeeded = !scope.IsFailed;
        if (succeeded)
        {
            await outputs.RunJobsAsync(batch, outputs.TakeJobs(batch, scope, ofEarlierOnly: true)).ConfigureAwait(false);
        }
        else
        {
            _graph.Reset();
            _reporter.Warn(
                $"Batch {batch.Time} failed without its data too: what earlier batches brought for it, such as a "
                    + "window that ends then, does not come out.", scope.Failure);
        }

        scope.Release();
        running.Remove(scope);
        return succeeded;
    }
}
