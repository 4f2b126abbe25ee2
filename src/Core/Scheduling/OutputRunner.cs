namespace FastStream;

/// <summary>
/// Runs the outputs of batches: one after another, or different ones together; each output sees its batches one at a
/// time, in order.
/// </summary>
/// <param name="graph">Its outputs.</param>
/// <param name="options">How many run together.</param>
/// <param name="clock">The clock of the times that are reported.</param>
/// <param name="context">Whose zero time counts.</param>
/// <param name="work">Knows what runs.</param>
/// <param name="post">Tells listeners.</param>
/// <param name="fail">Stops the context.</param>
/// <param name="abort">The immediate stop.</param>
internal sealed class OutputRunner(
    Graph graph, StreamingOptions options, StreamingClock clock, StreamingContext context, WorkInHand work,
    Action<Action<StreamingListener>> post, Action<StreamingException> fail,
    CancellationToken abort)
{
    // output jobs that may still start
    private readonly SemaphoreSlim _jobs = new(options.ConcurrentJobs, options.ConcurrentJobs);
    // each output's run for the batch before, when they may overlap
    private readonly Task[] _lastRuns = Enumerable.Repeat(Task.CompletedTask, graph.Outputs.Count).ToArray();
    private volatile bool _isLeftBehind;

    /// <summary>Whether the context has stopped, and something did not return: no output begins any more.</summary>
    public bool IsLeftBehind
    {
        get => _isLeftBehind;
        set => _isLeftBehind = value;
    }

    /// <summary>Whether an output writes in two phases: then batches do not overlap.</summary>
    public bool IsTransactional { get; } = graph.Outputs.Any(output => output is ISinkOutput { IsTransactional: true });

    // Outputs that are due at this time and were not done by an earlier try; null keeps the place of the others.
    public List<OutputJob?> TakeJobs(JobSet batch, BatchContext scope, bool ofEarlierOnly)
    {
        var jobs = new List<OutputJob?>(graph.Outputs.Count);
        foreach (OutputOperation output in graph.Outputs)
        {
            OutputJob job = output.TakeJob(scope);
            bool due = batch.Time.IsValid(output.Stream.Slide, context.ZeroTime)
                && !batch.DoneOutputs.Contains(output.Index) && !batch.IsForStatesOnly
                && (!ofEarlierOnly || output.Stream.GivesEarlierUpTo);
            if (!due)
            {
                job.Release();
            }

            jobs.Add(due ? job : null);
        }

        return jobs;
    }

    public async Task RunJobsAsync(JobSet batch, List<OutputJob?> jobs)
    {
        // For outputs only: a mark would cost each task of a stage an object; operators are known by their threads.
        batch.Own!.Enter();
        var infos = new OutputInfo?[jobs.Count];
        if (options.ConcurrentJobs == 1)
        {
            for (int i = 0; i < jobs.Count; i++)
            {
                infos[i] = await RunJobAsync(batch, jobs[i], i).ConfigureAwait(false);
            }
        }
        else
        {
            // Different outputs run together, also those of neighbouring batches; each output sees its batches one at a time, in order.
            var runs = new Task<OutputInfo?>[jobs.Count];
            for (int i = 0; i < runs.Length; i++)
            {
                int index = i;
                Task before = _lastRuns[index];
                runs[index] = Task.Run(() => RunJobAfterAsync(before, batch, jobs[index], index));
                _lastRuns[index] = runs[index];
            }

            infos = await Task.WhenAll(runs).ConfigureAwait(false);
        }

        batch.OutputInfos = infos.OfType<OutputInfo>().ToArray();
    }

    private async Task<OutputInfo?> RunJobAfterAsync(Task before, JobSet batch, OutputJob? job, int index)
    {
        await before.ConfigureAwait(false);
        return await RunJobAsync(batch, job, index).ConfigureAwait(false);
    }

    private async Task<OutputInfo?> RunJobAsync(JobSet batch, OutputJob? job, int index)
    {
        if (job is null)
        {
            return null;
        }

        await _jobs.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        if (IsLeftBehind)
        {
            // An output before it has come back after the context had stopped.
            job.Release();
            _jobs.Release();
            return null;
        }

        string name = graph.Outputs[index].Name;
        BatchInfo info = batch.ToInfo();
        post(listener => listener.OnOutputStarted(info, index));
        double startMs = clock.NowMs;
        string? message = null;
        using WorkInHand.InHand inHand = work.Begin(name, batch.Time);
        try
        {
            await RunAsync(batch, job, index).ConfigureAwait(false);
            lock (batch.DoneOutputs)
            {
                batch.DoneOutputs.Add(index);
            }
        }
        catch (Exception error)
        {
            // The other outputs of the batch still run.
            message = error.Message;
            lock (batch.DoneOutputs)
            {
                // The first failure counts, but one that only comes of the stop hides no other.
                if (batch.Failure is null || (batch.IsCutShort && !IsCutShort(error)))
                {
                    batch.Failure = new StreamingException(batch.Time, name, error);
                    batch.IsCutShort = IsCutShort(error);
                }
            }
        }
        finally
        {
            job.Release();
            _jobs.Release();
        }

        var result = new OutputInfo(index, name, TimeSpan.FromMilliseconds(clock.NowMs - startMs), message)
            { Start = TimeSpan.FromMilliseconds(startMs - batch.StartedMs) };
        post(listener => listener.OnOutputCompleted(info, result));
        return result;
    }

    private async ValueTask RunAsync(JobSet batch, OutputJob job, int index)
    {
        if (graph.Outputs[index] is not ISinkOutput { IsTransactional: true } sink)
        {
            await job.RunAsync(abort).ConfigureAwait(false);
            return;
        }

        lock (batch.DoneOutputs)
        {
            batch.Unpublished.Add(index);
        }

        await job.RunAsync(abort).ConfigureAwait(false);
        await sink.PrepareAsync(batch.Time, abort).ConfigureAwait(false);
    }

    /// <summary>Does away with what sinks have written of a batch that is to be tried again, so that the next try writes it anew.</summary>
    /// <returns>False if a sink cannot: the batch must not be tried again, and <see cref="SettleAsync"/> ends it.</returns>
    public async Task<bool> TryAbortAsync(JobSet batch) => await AbortAsync(batch, all: true).ConfigureAwait(false) is null;

    /// <summary>Ends a batch for the sinks in two phases: aborts what is not to count, has the batch written down, and
    /// publishes the rest.</summary>
    /// <param name="batch">The batch; its last try is over.</param>
    /// <param name="stopsContext">Whether the batch is not done, and runs again in the next start.</param>
    /// <param name="commit">Writes down that it is done; gives why that failed.</param>
    /// <returns>Why the batch is not done; null if it is.</returns>
    public async ValueTask<StreamingException?> SettleAsync(JobSet batch, bool stopsContext, Func<StreamingException?> commit)
    {
        StreamingException? failure = (await AbortAsync(batch, all: stopsContext).ConfigureAwait(false)) ?? commit();
        if (failure is not null || batch.Unpublished.Count == 0 || IsLeftBehind)
        {
            return failure;
        }

        return await ForEachAsync(batch, batch.Unpublished, "publishing by", static (sink, time, token) => sink.PublishAsync(time, token))
            .ConfigureAwait(false);
    }

    // Those that are not done have failed.
    private async ValueTask<StreamingException?> AbortAsync(JobSet batch, bool all)
    {
        if (batch.Unpublished.Count == 0 || IsLeftBehind)
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
            string name = graph.Outputs[index].Name;
            using WorkInHand.InHand inHand = work.Begin(name, batch.Time);
            try
            {
                await call((ISinkOutput)graph.Outputs[index], batch.Time, abort).ConfigureAwait(false);
                batch.Unpublished.Remove(index);
            }
            catch (Exception error)
            {
                var found = new StreamingException(batch.Time, $"{what} {name}", error);
                failure ??= found;
                if (!IsCutShort(error))
                {
                    fail(found);
                }
            }
        }

        return failure;
    }

    private bool IsCutShort(Exception? error) => error is OperationCanceledException && abort.IsCancellationRequested;
}
