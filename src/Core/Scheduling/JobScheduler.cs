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
    private readonly WorkInHand _work;
    private readonly EffectGate _gate;
    private readonly BatchWatchdog _watchdog;
    private readonly Channel<JobSet> _queue;
    private readonly AutoResetEvent _begun = new(false);                 // set when a batch has left the queue
    private readonly OutputRunner _outputs;
    private readonly CompletionWaiters _completed = new();
    private Task _loop = Task.CompletedTask;
    // batches whose outputs still run, when they may overlap; at most ConcurrentJobs
    private readonly Queue<Task> _unfinished = new();
    private readonly RunningBatches _running = new();
    private readonly BatchTurns _turns = new();
    private BatchGap? _gap;                                              // what is due between two batches; made by the start
    private volatile bool _failed;                                       // set by a failure that stops the context
    // the context has stopped, and something did not return: what comes back does nothing more
    private volatile bool _isLeftBehind;

    public JobScheduler(
        Graph graph, StreamingOptions options, StreamingClock clock, ListenerBus listeners, StreamingContext context,
        CheckpointCoordinator? checkpoints, Action<Exception> onFailure,
        WorkInHand work, EffectGate gate, BatchWatchdog watchdog, CancellationToken abort)
    {
        _work = work;
        _gate = gate;
        _watchdog = watchdog;
        _graph = graph;
        _options = options;
        _clock = clock;
        _listeners = listeners;
        _context = context;
        _onFailure = onFailure;
        _checkpoints = checkpoints;
        _abort = abort;
        _outputs = new OutputRunner(graph, options, clock, context, work, Post, abort);
        _queue = Channel.CreateBounded<JobSet>(new BoundedChannelOptions(options.MaxPendingBatches) { SingleReader = true });
    }

    /// <summary>Begins to run batches.</summary>
    /// <param name="last">The last batch that the states count.</param>
    /// <param name="skippedUntil">Times of a down time that are left out by policy, up to this one; null where the
    /// program was not down.</param>
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
        _turns.Begin(last);
    }

    /// <summary>Queues a batch; blocks the generator's thread while the queue is full.</summary>
    public void Submit(JobSet batch)
    {
        batch.Number = _context.NumberOf(batch.Time);
        BatchInfo info = batch.ToInfo();
        Report(batch, listener => listener.OnBatchSubmitted(info));
        while (!_queue.Writer.TryWrite(batch))
        {
            if (_abort.IsCancellationRequested
                || !_queue.Writer.WaitToWriteAsync(_abort).AsTask()
                    .ContinueWith(static wait => wait.IsCompletedSuccessfully && wait.Result, TaskScheduler.Default)
                        .GetAwaiter().GetResult())
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

    /// <summary>Whether the context stops at once: what is submitted is dropped.</summary>
    public bool IsAborted => _abort.IsCancellationRequested;

    public Task WhenCompletedAsync(BatchTime time) => _completed.WhenAsync(time);

    /// <summary>Runs what is queued (or drops it after an abort) and ends.</summary>
    public async Task StopAsync()
    {
        _queue.Writer.TryComplete();
        await _loop.ConfigureAwait(false);
        _completed.Close(_context.Failure);
        await _turns.CloseAsync().ConfigureAwait(false);
    }

    /// <summary>Looks at what batches leave, when none runs.</summary>
    public Task<TResult> BetweenBatchesAsync<TResult>(Func<BatchTime, TResult> look, CancellationToken cancellationToken) =>
        _turns.BetweenAsync(look, cancellationToken);

    /// <summary>
    /// The context stops without what has not returned. Whoever waits for batches hears why; what comes back later
    /// gives its memory back, and does nothing else.
    /// </summary>
    /// <param name="failureOf">Why a batch that runs is not done.</param>
    /// <param name="first">Why no batch follows, unless the context has failed before.</param>
    public void LeaveBehind(Func<BatchTime, StreamingException> failureOf, StreamingException first)
    {
        _isLeftBehind = true;
        _outputs.IsLeftBehind = true;
        _running.LeaveBehind(failureOf, _completed);
        _completed.Close(_context.Failure ?? first);
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

            if (batch.Recovery == Outcome.Aborted)
            {
                Drop(batch);
                _completed.Complete(batch.Time, batch.WasCounted ? null : BatchFailures.GivenUp(batch.Time));
                continue;
            }

            await RunGuardedAsync(batch).ConfigureAwait(false);
        }

        await FinishEarlierAsync().ConfigureAwait(false);
    }

    // Times that were passed over and at which something is due: batches without input, each done with before it is known what is due next.
    private async Task RunGapBeforeAsync(JobSet batch)
    {
        if (_abort.IsCancellationRequested || _failed || _gap!.TryPass(batch))
        {
            return;
        }

        foreach (BatchTime time in _gap.DueBefore(batch))
        {
            JobSet due = JobSet.Empty(time, _graph.Inputs, _clock.NowMs);
            due.Number = _context.NumberOf(time);
            if (WriteDown(time, "writing down that a batch runs without input", checkpoints => checkpoints.PlanEmpty(time)) is not null)
            {
                return;
            }

            BatchInfo info = due.ToInfo();
            Post(listener => listener.OnBatchSubmitted(info));
            await RunGuardedAsync(due).ConfigureAwait(false);
            if (_abort.IsCancellationRequested || _failed)
            {
                return;
            }
        }
    }

    private async Task RunGuardedAsync(JobSet batch)
    {
        using BatchTurns.Turn turn = await _turns.BeginBatchAsync(batch.Time).ConfigureAwait(false);
        using WorkInHand.InHand inHand = _work.Begin(WorkInHand.Batch, batch.Time);
        try
        {
            await RunBatchAsync(batch).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            // Not the batch's failure but the engine's, such as an operator that cannot reset: nobody knows what it still holds.
            var failure = new StreamingException(batch.Time, "the engine", error);
            Fail(failure);
            _watchdog.End(batch.Time);
            batch.Own!.IsOver = true;
            _completed.Complete(batch.Time, failure);
        }
    }

    private async Task RunBatchAsync(JobSet batch)
    {
        batch.Own = new OwnWork(_context);
        batch.StartedMs = _clock.NowMs;
        BatchInfo started = batch.ToInfo();
        Report(batch, listener => listener.OnBatchStarted(started));
        batch.StageTimes = _listeners.IsProfileWanted && !batch.IsForStatesOnly ? _graph.BeginProfile(_clock.Provider) : null;
        var scope = new BatchContext(batch.Time, batch.Inputs)
            { Number = batch.Number, IsReplay = batch.Recovery is Outcome.Pending or Outcome.WithoutData, StageTimes = batch.StageTimes };
        _watchdog.Begin(batch.Time);
        _running.Add(scope);
        for (int attempt = 0; ; attempt++)
        {
            using (_work.Begin(WorkInHand.Operators, batch.Time))
            {
                await _graph.RunAsync(scope).ConfigureAwait(false);
            }

            batch.Profile = batch.StageTimes is null ? null : _graph.TakeProfile(batch.StageTimes);
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
                jobs = _outputs.TakeJobs(batch, scope, ofEarlierOnly: batch.IsWithoutData);
            }

            if (jobs is not null && _options.ConcurrentJobs > 1 && _options.BatchRetries == 0 && _checkpoints is null)
            {
                // The next batch's operators may run while this one's outputs do; completion stays in order.
                _unfinished.Enqueue(FinishLaterAsync(batch, scope, jobs, _unfinished.LastOrDefault(Task.CompletedTask)));
                if (_unfinished.Count > _options.ConcurrentJobs)
                {
                    await _unfinished.Dequeue().ConfigureAwait(false);
                }

                return;
            }

            if (jobs is not null)
            {
                await _outputs.RunJobsAsync(batch, jobs).ConfigureAwait(false);
            }

            bool again = batch.Failure is not null && attempt < _options.BatchRetries && !_abort.IsCancellationRequested;
            if (again)
            {
                if (jobs is not null)
                {
                    // The operators were through, only an output was not: what they keep over batches must not count this batch twice.
                    _graph.Reset();
                }

                // An output that was done may have retained this try's records, which lie in the same inputs: they stay
                // until nobody reads any try.
                BatchContext next = scope.NewAttempt();
                _running.Replace(scope, next);
                scope.Release();
                scope = next;
                StreamingException failure = batch.Failure!;
                string warning = $"Batch {batch.Time} is tried again ({attempt + 1} of {_options.BatchRetries}).";
                Post(listener => listener.OnWarning(warning, failure));
                continue;
            }

            await EndAsync(batch, scope, isThrough: jobs is not null).ConfigureAwait(false);
            return;
        }
    }

    // No further try: the states count the batch, or it is given up.
    private async Task EndAsync(JobSet batch, BatchContext scope, bool isThrough)
    {
        Outcome outcome = batch.IsWithoutData ? Outcome.CommittedWithoutData : Outcome.Committed;
        await FinishEarlierAsync().ConfigureAwait(false);
        if (!isThrough)
        {
            outcome = await RunWithoutDataAsync(batch).ConfigureAwait(false) ? Outcome.CommittedWithoutData : Outcome.Aborted;
        }

        Complete(batch, scope, WriteDown(batch, outcome));
    }

    // What earlier batches brought, and comes out at this time, is not to go with the data of a batch that failed for good.
    private async Task<bool> RunWithoutDataAsync(JobSet batch)
    {
        bool stops = batch.IsCutShort || _abort.IsCancellationRequested || _options.OnBatchFailure == BatchFailurePolicy.FailContext;
        if (stops || batch.IsWithoutData || batch.IsForStatesOnly || !_graph.Due.HasEarlierAt(batch.Time)
            || WriteDown(batch.Time, "writing down that a batch runs without its data",
                checkpoints => checkpoints.GiveUpData(batch.Time)) is not null)
        {
            return false;
        }

        var scope = new BatchContext(batch.Time, JobSet.EmptyInputs(batch.Time, _graph.Inputs))
            { Number = batch.Number, IsReplay = batch.Recovery == Outcome.Pending };
        _running.Add(scope);
        using (_work.Begin(WorkInHand.Operators, batch.Time))
        {
            await _graph.RunAsync(scope).ConfigureAwait(false);
        }

        bool succeeded = !scope.IsFailed;
        if (succeeded)
        {
            await _outputs.RunJobsAsync(batch, _outputs.TakeJobs(batch, scope, ofEarlierOnly: true)).ConfigureAwait(false);
        }
        else
        {
            _graph.Reset();
            string warning =
                $"Batch {batch.Time} failed without its data too: what earlier batches brought for it, such as a "
                + "window that ends then, does not come out.";
            Post(listener => listener.OnWarning(warning, scope.Failure));
        }

        scope.Release();
        _running.Remove(scope);
        return succeeded;
    }

    private void TellInputs(BatchTime time)
    {
        for (int i = 0; i < _graph.Inputs.Count; i++)
        {
            _graph.Inputs[i].OnBatchCommitted(time);
        }
    }

    private bool StopsContext(JobSet batch) =>
        batch.Failure is not null && (batch.IsCutShort || _options.OnBatchFailure == BatchFailurePolicy.FailContext);

    // A batch that stops the context is not done: the next start runs it again.
    private StreamingException? WriteDown(JobSet batch, Outcome outcome)
    {
        return StopsContext(batch) || batch.IsForStatesOnly
            ? null
            : WriteDown(batch.Time, "writing down that the batch is done", checkpoints => checkpoints.Commit(batch.Time, outcome));
    }

    // Where the disk does not take it nobody knows what is there: the context stops, and the next start sorts it out.
    private StreamingException? WriteDown(BatchTime time, string what, Action<CheckpointCoordinator> write)
    {
        if (_checkpoints is null || !_gate.TryEnter())
        {
            return null;
        }

        using WorkInHand.InHand inHand = _work.Begin(what, time);
        try
        {
            write(_checkpoints);
            return null;
        }
        catch (Exception error)
        {
            var failure = new StreamingException(time, what, error);
            Fail(failure);
            return failure;
        }
        finally
        {
            _gate.Exit();
        }
    }

    // A batch that runs again for the states only was reported by the run that did it.
    private void Report(JobSet batch, Action<StreamingListener> call)
    {
        if (!batch.IsForStatesOnly)
        {
            Post(call);
        }
    }

    // Nobody hears of what comes back after the context has stopped.
    private void Post(Action<StreamingListener> call)
    {
        if (!_isLeftBehind)
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

    private async Task FinishLaterAsync(JobSet batch, BatchContext scope, List<OutputJob?> jobs, Task before)
    {
        await _outputs.RunJobsAsync(batch, jobs).ConfigureAwait(false);
        await before.ConfigureAwait(false);
        Complete(batch, scope);
    }

    private void Complete(JobSet batch, BatchContext scope, StreamingException? notWritten = null)
    {
        batch.EndedMs = _clock.NowMs;
        Try(batch, "the count of its records", () =>
        {
            batch.InputInfos = batch.InputInfos.Select((info, i) => info with { RecordCount = batch.Inputs[i].RecordCount }).ToArray();
            batch.RecordCount = batch.InputInfos.Sum(info => Math.Max(0, info.RecordCount));
        });
        CountFailedRecords(batch, scope);
        Settle(batch);
        if (notWritten is null && !StopsContext(batch) && !_isLeftBehind)
        {
            Try(batch, "telling its inputs that it is done", () => TellInputs(batch.Time));
        }

        Try(batch, "the return of its memory", scope.Release);
        _running.Remove(scope);
        _watchdog.End(batch.Time);
        BatchInfo info = batch.ToInfo();
        if (!batch.IsForStatesOnly && !_isLeftBehind)
        {
            _context.Metrics.CountBatch(info);
        }

        Report(batch, listener => listener.OnBatchCompleted(info));
        if (batch.Failure is not null && !batch.IsCutShort
            && (batch.IsForStatesOnly || _options.OnBatchFailure == BatchFailurePolicy.FailContext))
        {
            Fail(batch.IsForStatesOnly ? BatchFailures.NotRebuilt(batch.Failure) : batch.Failure);
        }

        batch.Own!.IsOver = true;
        _completed.Complete(batch.Time, batch.Failure ?? notWritten);
    }

    // Of a batch whose operators failed for good no record counts; one that runs for its states only was counted by the run before.
    private void CountFailedRecords(JobSet batch, BatchContext scope)
    {
        if (scope.FailedRecords is null || scope.IsFailed || batch.IsForStatesOnly || _isLeftBehind)
        {
            return;
        }

        foreach ((string name, (long count, Exception first)) in scope.FailedRecords)
        {
            batch.FailedRecordCount += count;
            _context.Metrics.CountFailedRecords(name, count);
            string warning =
                $"{name} left out {count} {(count == 1 ? "record" : "records")} of batch {batch.Time} for which its "
                + $"function failed. The first error: {first.Message}";
            _listeners.Post(listener => listener.OnWarning(warning, first));
        }
    }

    // Inputs count and give back by code of their own: what it throws is the batch's failure, and the policy decides on the next one.
    private void Try(JobSet batch, string what, Action action)
    {
        using WorkInHand.InHand inHand = _work.Begin(what, batch.Time);
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
        if (!_isLeftBehind)
        {
            _onFailure(failure);
        }
    }

    // Where there are checkpoints the plan has accepted the records already: they count, whatever becomes of this run.
    private static void Settle(JobSet batch)
    {
        foreach (InputBatch input in batch.Inputs)
        {
            if (batch.Failure is { } failure)
            {
                input.Receipt?.Reject(new StreamingException($"The record's batch failed, and its data were given up; send the "
                    + $"record again. {failure.Message}", failure));
            }
            else
            {
                input.Receipt?.Accept();
            }
        }
    }

    private void Drop(JobSet batch)
    {
        Try(batch, "the return of its memory", new BatchContext(batch.Time, batch.Inputs).Release);
        if (batch.Failure is not null)
        {
            Fail(batch.Failure);
        }
    }
}
