namespace FastStream;

/// <summary>
/// Runs the outputs of batches, one after another or different ones together; each output gets its batches one at a
/// time, in order.
/// </summary>
/// <param name="services">The engine's services.</param>
/// <param name="completion">Ends a batch whose outputs have run beside the operators of the next one.</param>
/// <param name="sinks">Runs two-phase outputs.</param>
internal sealed class OutputRunner(BatchServices services, BatchCompletion completion, SinkRunner sinks)
{
    // Number of output jobs that may still start.
    private readonly SemaphoreSlim _jobs = new(services.Options.ConcurrentJobs, services.Options.ConcurrentJobs);

    // If batches may overlap: each output's run for the batch before, and the batches whose outputs still run, at most
    // ConcurrentJobs.
    private readonly Task[] _lastRuns = Enumerable.Repeat(Task.CompletedTask, services.Graph.Outputs.Count).ToArray();
    private readonly Queue<Task> _unfinished = new();

    /// <summary>
    /// Whether the next batch's operators may run while a batch's outputs run: only where no batch is ever run again.
    /// </summary>
    public bool MayOverlap { get; } = services.Options is { ConcurrentJobs: > 1, BatchRetries: 0 }
        && !services.Committer.IsDurable && !sinks.IsTransactional;

    // The outputs that are due at this time and were not done by an earlier attempt; null keeps the place of the
    // others.
    public List<OutputJob?> TakeJobs(JobSet batch, BatchContext context, bool ofEarlierOnly)
    {
        var jobs = new List<OutputJob?>(services.Graph.Outputs.Count);
        foreach (OutputOperation output in services.Graph.Outputs)
        {
            OutputJob job = output.TakeJob(context);
            bool due = batch.Time.IsValid(output.Stream.Slide, services.Context.ZeroTime) && !batch.DoneOutputs.Contains(output.Index)
                && !batch.IsForStatesOnly && (!ofEarlierOnly || output.Stream.GivesEarlierUpTo);
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
        // For outputs only: a mark would cost an object for each task of a stage; operators are known by their threads.
        batch.Own!.Enter();
        var infos = new OutputInfo?[jobs.Count];
        if (services.Options.ConcurrentJobs == 1)
        {
            for (int i = 0; i < jobs.Count; i++)
            {
                infos[i] = await RunJobAsync(batch, jobs[i], i).ConfigureAwait(false);
            }
        }
        else
        {
            // Different outputs run together, also those of neighbouring batches; each output gets its batches one at a
            // time, in order.
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

    /// <summary>
    /// Runs the outputs of a batch beside the next batches, and waits only if too many are unfinished. The batch ends
    /// after its outputs and after all batches before it.
    /// </summary>
    public async Task RunBesideNextAsync(JobSet batch, BatchContext context, List<OutputJob?> jobs)
    {
        _unfinished.Enqueue(FinishAsync(batch, context, jobs, _unfinished.LastOrDefault(Task.CompletedTask)));
        if (_unfinished.Count > services.Options.ConcurrentJobs)
        {
            await _unfinished.Dequeue().ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Waits until no outputs of earlier batches run. Batches end in time order, even a batch that failed in its
    /// operators and has nothing more to do.
    /// </summary>
    public async Task FinishEarlierAsync()
    {
        while (_unfinished.TryDequeue(out Task? unfinished))
        {
            await unfinished.ConfigureAwait(false);
        }
    }

    private async Task FinishAsync(JobSet batch, BatchContext context, List<OutputJob?> jobs, Task before)
    {
        await RunJobsAsync(batch, jobs).ConfigureAwait(false);
        await before.ConfigureAwait(false);
        completion.Complete(batch, context);
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
        if (services.Reporter.IsLeftBehind)
        {
            // An earlier output returned after the context had stopped.
            job.Release();
            _jobs.Release();
            return null;
        }

        string name = services.Graph.Outputs[index].Name;
        BatchInfo info = batch.ToInfo();
        services.Reporter.Post(listener => listener.OnOutputStarted(info, index));
        double startMs = services.Clock.NowMs;
        string? message = null;
        using WorkInHand.InHand inHand = services.Work.Begin(name, batch.Time);
        try
        {
            await sinks.RunAsync(batch, job, index).ConfigureAwait(false);
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
                // The first failure is kept, but one that only results from the stop does not hide another.
                if (batch.Failure is null || (batch.IsCutShort && !services.IsCutShort(error)))
                {
                    batch.Failure = new StreamingException(batch.Time, name, error) { Origin = services.Graph.Outputs[index].Origin };
                    batch.IsCutShort = services.IsCutShort(error);
                }
            }
        }
        finally
        {
            job.Release();
            _jobs.Release();
        }

        var result = new OutputInfo(index, name, TimeSpan.FromMilliseconds(services.Clock.NowMs - startMs), message)
            { Start = TimeSpan.FromMilliseconds(startMs - batch.StartedMs) };
        services.Reporter.Post(listener => listener.OnOutputCompleted(info, result));
        return result;
    }
}
