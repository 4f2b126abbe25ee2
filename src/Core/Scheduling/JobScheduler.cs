using System.Threading.Channels;

namespace FastStream;

/// <summary>Runs batches in time order: first all operators of a batch, then its outputs; one funnel for errors.</summary>
internal sealed class JobScheduler
{
    private readonly Graph _graph;
    private readonly StreamingOptions _options;
    private readonly StreamingClock _clock;
    private readonly ListenerBus _listeners;
    private readonly StreamingContext _context;
    private readonly Action<Exception> _onFailure;
    private readonly CheckpointCoordinator? _checkpoints;
    private readonly CancellationToken _abort;
    private readonly Channel<JobSet> _queue;
    private readonly AutoResetEvent _begun = new(false);                 // set when a batch has left the queue
    private readonly SemaphoreSlim _jobs;                                // output jobs that may still start
    private readonly CompletionWaiters _completed = new();
    private Task _loop = Task.CompletedTask;
    private readonly Queue<Task> _unfinished = new();                    // batches whose outputs still run, when they may overlap; at most ConcurrentJobs
    private readonly Task[] _lastRuns;                                   // each output's run for the batch before, when they may overlap
    private BatchGap? _gap;                                              // what is due between two batches; made by the start
    private volatile bool _failed;                                       // set by a failure that stops the context

    public JobScheduler(Graph graph, StreamingOptions options, StreamingClock clock, ListenerBus listeners, StreamingContext context, CheckpointCoordinator? checkpoints, Action<Exception> onFailure, CancellationToken abort)
    {
        _graph = graph;
        _options = options;
        _clock = clock;
        _listeners = listeners;
        _context = context;
        _onFailure = onFailure;
        _checkpoints = checkpoints;
        _abort = abort;
        _lastRuns = Enumerable.Repeat(Task.CompletedTask, graph.Outputs.Count).ToArray();
        _jobs = new SemaphoreSlim(options.ConcurrentJobs, options.ConcurrentJobs);
        _queue = Channel.CreateBounded<JobSet>(new BoundedChannelOptions(options.MaxPendingBatches) { SingleReader = true });
    }

    /// <summary>Begins to run batches.</summary>
    /// <param name="last">The last batch that the states count.</param>
    /// <param name="skippedUntil">Times of a down time that are left out by policy, up to this one; null where the program was not down.</param>
    public void Start(BatchTime last, BatchTime? skippedUntil)
    {
        _gap = new BatchGap(_graph.Due, _options, last, skippedUntil)
        {
            OnSkipped = (count, warning) =>
            {
                _context.Metrics.CountSkippedTicks(count);
                if (warning is not null)
                {
                    _listeners.Post(listener => listener.OnWarning(warning, null));
                }
            },
        };
        _loop = Task.Run(RunAsync);
    }

    /// <summary>Queues a batch; blocks the generator's thread while the queue is full.</summary>
    public void Submit(JobSet batch)
    {
        BatchInfo info = batch.ToInfo();
        Report(batch, listener => listener.OnBatchSubmitted(info));
        while (!_queue.Writer.TryWrite(batch))
        {
            if (_abort.IsCancellationRequested || !_queue.Writer.WaitToWriteAsync(_abort).AsTask().ContinueWith(static wait => wait.IsCompletedSuccessfully && wait.Result, TaskScheduler.Default).GetAwaiter().GetResult())
            {
                Drop(batch);
                return;
            }
        }
    }

    /// <summary>Blocks the generator's thread until every batch that was queued has begun, or the context is aborted.</summary>
    public void WaitUntilNoneWaits()
    {
        while (_queue.Reader.Count > 0 && WaitHandle.WaitAny([_begun, _abort.WaitHandle]) == 0)
        {
        }
    }

    public Task WhenCompletedAsync(BatchTime time) => _completed.WhenAsync(time);

    /// <summary>Runs what is queued (or drops it after an abort) and ends.</summary>
    public async Task StopAsync()
    {
        _queue.Writer.TryComplete();
        await _loop.ConfigureAwait(false);
        _completed.Close();
    }

    private async Task RunAsync()
    {
        await foreach (JobSet batch in _queue.Reader.ReadAllAsync(CancellationToken.None).ConfigureAwait(false))
        {
            _begun.Set();
            await RunGapBeforeAsync(batch).ConfigureAwait(false);
            if (_abort.IsCancellationRequested || _failed)
            {
                Drop(batch);
                continue;
            }

            if (batch.Recovery == Outcome.GivenUp)
            {
                Drop(batch);
                _completed.Complete(batch.Time);
                continue;
            }

            await RunGuardedAsync(batch).ConfigureAwait(false);
        }

        await FinishEarlierAsync().ConfigureAwait(false);
    }

    // Times that were passed over and at which something is due: batches without input, each done with before it is known what is due next.
    private async Task RunGapBeforeAsync(JobSet batch)
    {
        if (_abort.IsCancellationRequested || _failed)
        {
            return;
        }

        foreach (BatchTime time in _gap!.DueBefore(batch))
        {
            JobSet due = JobSet.Empty(time, _graph.Inputs, _clock.NowMs);
            if (!TryWriteDown(time, "writing down that a batch runs without input", checkpoints => checkpoints.PlanEmpty(time)))
            {
                return;
            }

            BatchInfo info = due.ToInfo();
            _listeners.Post(listener => listener.OnBatchSubmitted(info));
            await RunGuardedAsync(due).ConfigureAwait(false);
            if (_abort.IsCancellationRequested || _failed)
            {
                return;
            }
        }
    }

    private async Task RunGuardedAsync(JobSet batch)
    {
        try
        {
            await RunBatchAsync(batch).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            // Not the batch's failure but the engine's, such as an operator that cannot reset: nobody knows what it still holds.
            Fail(new StreamingException(batch.Time, "the engine", error));
        }
    }

    private async Task RunBatchAsync(JobSet batch)
    {
        batch.StartedMs = _clock.NowMs;
        BatchInfo started = batch.ToInfo();
        Report(batch, listener => listener.OnBatchStarted(started));
        var scope = new BatchScope(batch.Time, batch.Inputs) { IsReplay = batch.Recovery is Outcome.Open or Outcome.WithoutData };
        for (int attempt = 0; ; attempt++)
        {
            await _graph.RunAsync(scope).ConfigureAwait(false);
            List<OutputJob?>? jobs = null;
            if (scope.IsFailed)
            {
                batch.Failure = scope.Failure;
                batch.IsCutShort = IsCutShort(scope.Failure!.InnerException);
                _graph.Reset();
            }
            else
            {
                batch.Failure = null;
                batch.IsCutShort = false;
                jobs = TakeJobs(batch, scope, ofEarlierOnly: batch.IsWithoutData);
            }

            if (jobs is not null && _options.ConcurrentJobs > 1 && _options.BatchRetries == 0 && _checkpoints is null)
            {
                // The next batch's operators may run while this one's outputs do; completion stays in order.
                _graph.Commit();
                _unfinished.Enqueue(FinishLaterAsync(batch, scope, jobs, _unfinished.LastOrDefault(Task.CompletedTask)));
                if (_unfinished.Count > _options.ConcurrentJobs)
                {
                    await _unfinished.Dequeue().ConfigureAwait(false);
                }

                return;
            }

            if (jobs is not null)
            {
                await RunJobsAsync(batch, jobs).ConfigureAwait(false);
            }

            bool again = batch.Failure is not null && attempt < _options.BatchRetries && !_abort.IsCancellationRequested;
            if (again)
            {
                if (jobs is not null)
                {
                    // The operators were through, only an output was not: what they keep over batches must not count this batch twice.
                    _graph.Reset();
                }

                // An output that was done may have retained this try's records, which lie in the same inputs: they stay until nobody reads any try.
                BatchScope next = scope.NewTry();
                scope.Release();
                scope = next;
                StreamingException failure = batch.Failure!;
                string warning = $"Batch {batch.Time} is tried again ({attempt + 1} of {_options.BatchRetries}).";
                _listeners.Post(listener => listener.OnWarning(warning, failure));
                continue;
            }

            await EndAsync(batch, scope, isThrough: jobs is not null).ConfigureAwait(false);
            return;
        }
    }

    // No further try: the states count the batch, or it is given up.
    private async Task EndAsync(JobSet batch, BatchScope scope, bool isThrough)
    {
        Outcome outcome = batch.IsWithoutData ? Outcome.CountedWithoutData : Outcome.Counted;
        if (isThrough)
        {
            _graph.Commit();
        }

        await FinishEarlierAsync().ConfigureAwait(false);
        if (!isThrough)
        {
            outcome = await RunWithoutDataAsync(batch).ConfigureAwait(false) ? Outcome.CountedWithoutData : Outcome.GivenUp;
        }

        WriteDown(batch, outcome);
        Complete(batch, scope);
    }

    // What earlier batches brought, and comes out at this time, is not to go with the data of a batch that failed for good.
    private async Task<bool> RunWithoutDataAsync(JobSet batch)
    {
        bool stops = batch.IsCutShort || _abort.IsCancellationRequested || _options.OnBatchFailure == BatchFailurePolicy.FailContext;
        if (stops || batch.IsWithoutData || batch.IsForStatesOnly || !_graph.Due.HasEarlierAt(batch.Time)
            || !TryWriteDown(batch.Time, "writing down that a batch runs without its data", checkpoints => checkpoints.GiveUpData(batch.Time)))
        {
            return false;
        }

        var scope = new BatchScope(batch.Time, JobSet.EmptyInputs(batch.Time, _graph.Inputs)) { IsReplay = batch.Recovery == Outcome.Open };
        await _graph.RunAsync(scope).ConfigureAwait(false);
        bool succeeded = !scope.IsFailed;
        if (succeeded)
        {
            await RunJobsAsync(batch, TakeJobs(batch, scope, ofEarlierOnly: true)).ConfigureAwait(false);
            _graph.Commit();
        }
        else
        {
            _graph.Reset();
            string warning = $"Batch {batch.Time} failed without its data too: what earlier batches brought for it, such as a window that ends then, does not come out.";
            _listeners.Post(listener => listener.OnWarning(warning, scope.Failure));
        }

        scope.Release();
        return succeeded;
    }

    // A batch that stops the context is not done: the next start runs it again.
    private void WriteDown(JobSet batch, Outcome outcome)
    {
        bool stopsContext = batch.Failure is not null && (batch.IsCutShort || _options.OnBatchFailure == BatchFailurePolicy.FailContext);
        if (!stopsContext && !batch.IsForStatesOnly)
        {
            TryWriteDown(batch.Time, "writing down that the batch is done", checkpoints => checkpoints.Commit(batch.Time, outcome));
        }
    }

    // Where the disk does not take it nobody knows what is there: the context stops, and the next start sorts it out.
    private bool TryWriteDown(BatchTime time, string what, Action<CheckpointCoordinator> write)
    {
        try
        {
            if (_checkpoints is not null)
            {
                write(_checkpoints);
            }

            return true;
        }
        catch (Exception error)
        {
            Fail(new StreamingException(time, what, error));
            return false;
        }
    }

    // A batch that runs again for the states only was reported by the run that did it.
    private void Report(JobSet batch, Action<StreamingListener> call)
    {
        if (!batch.IsForStatesOnly)
        {
            _listeners.Post(call);
        }
    }

    // Batches complete in time order, also where one that failed in its operators has nothing more to do.
    private async Task FinishEarlierAsync()
    {
        while (_unfinished.TryDequeue(out Task? completion))
        {
            await completion.ConfigureAwait(false);
        }
    }

    private async Task FinishLaterAsync(JobSet batch, BatchScope scope, List<OutputJob?> jobs, Task before)
    {
        await RunJobsAsync(batch, jobs).ConfigureAwait(false);
        await before.ConfigureAwait(false);
        Complete(batch, scope);
    }

    // Outputs that are due at this time and were not done by an earlier try; null keeps the place of the others.
    private List<OutputJob?> TakeJobs(JobSet batch, BatchScope scope, bool ofEarlierOnly)
    {
        var jobs = new List<OutputJob?>(_graph.Outputs.Count);
        foreach (OutputOperation output in _graph.Outputs)
        {
            OutputJob job = output.TakeJob(scope);
            bool due = batch.Time.IsValid(output.Stream.Slide, _context.ZeroTime) && !batch.DoneOutputs.Contains(output.Index) && !batch.IsForStatesOnly && (!ofEarlierOnly || output.Stream.GivesEarlierUpTo);
            if (!due)
            {
                job.Release();
            }

            jobs.Add(due ? job : null);
        }

        return jobs;
    }

    private async Task RunJobsAsync(JobSet batch, List<OutputJob?> jobs)
    {
        var infos = new OutputInfo?[jobs.Count];
        if (_options.ConcurrentJobs == 1)
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
        string name = _graph.Outputs[index].Name;
        BatchInfo info = batch.ToInfo();
        _listeners.Post(listener => listener.OnOutputStarted(info, index));
        double startMs = _clock.NowMs;
        string? message = null;
        try
        {
            await job.RunAsync(_abort).ConfigureAwait(false);
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

        var result = new OutputInfo(index, name, TimeSpan.FromMilliseconds(_clock.NowMs - startMs), message);
        _listeners.Post(listener => listener.OnOutputCompleted(info, result));
        return result;
    }

    private void Complete(JobSet batch, BatchScope scope)
    {
        batch.EndedMs = _clock.NowMs;
        Try(batch, "the count of its records", () =>
        {
            batch.InputInfos = batch.InputInfos.Select((info, i) => info with { RecordCount = batch.Inputs[i].RecordCount }).ToArray();
            batch.RecordCount = batch.InputInfos.Sum(info => Math.Max(0, info.RecordCount));
        });
        Try(batch, "the return of its memory", scope.Release);
        BatchInfo info = batch.ToInfo();
        if (!batch.IsForStatesOnly)
        {
            _context.Metrics.CountBatch(info);
        }

        Report(batch, listener => listener.OnBatchCompleted(info));
        if (batch.Failure is not null && !batch.IsCutShort && _options.OnBatchFailure == BatchFailurePolicy.FailContext)
        {
            Fail(batch.Failure);
        }

        _completed.Complete(batch.Time);
    }

    // Inputs count and give back by code of their own: what it throws is the batch's failure, and the policy decides on the next one.
    private static void Try(JobSet batch, string what, Action action)
    {
        try
        {
            action();
        }
        catch (Exception error)
        {
            if (batch.Failure is null || batch.IsCutShort)
            {
                batch.Failure = new StreamingException(batch.Time, what, error);
                batch.IsCutShort = false;
            }
        }
    }

    private bool IsCutShort(Exception? error) => error is OperationCanceledException && _abort.IsCancellationRequested;

    private void Fail(StreamingException failure)
    {
        _failed = true;
        _onFailure(failure);
    }

    private void Drop(JobSet batch)
    {
        Try(batch, "the return of its memory", new BatchScope(batch.Time, batch.Inputs).Release);
        if (batch.Failure is not null)
        {
            Fail(batch.Failure);
        }
    }
}
