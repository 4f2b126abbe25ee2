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
/// <param name="abort">The immediate stop.</param>
internal sealed class OutputRunner(
    Graph graph, StreamingOptions options, StreamingClock clock, StreamingContext context, WorkInHand work,
    Action<Action<StreamingListener>> post, CancellationToken abort)
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
            await job.RunAsync(abort).ConfigureAwait(false);
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
                    batch.Failure = new StreamingException(batch.Time, name, error) { Origin = graph.Outputs[index].Origin };
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

    private bool IsCutShort(Exception? error) => error is OperationCanceledException && abort.IsCancellationRequested;
}
