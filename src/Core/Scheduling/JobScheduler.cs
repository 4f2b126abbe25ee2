namespace FastStream;

/// <summary>
/// Runs batches in time order: first all operators of a batch, then its outputs. All errors pass through it.
/// </summary>
internal sealed class JobScheduler
{
    private readonly BatchServices _services;
    private readonly BatchReporter _reporter;
    private readonly BatchQueue _queue;
    private readonly OutputRunner _outputs;
    private readonly BatchRunner _runner;
    private readonly BatchCompletion _completion;
    private readonly CompletionWaiters _completed = new();
    private readonly RunningBatches _running = new();
    private readonly BatchTurns _turns = new();
    private BatchGap? _gap;                       // what is due between two batches; set by the start
    private Task _loop = Task.CompletedTask;

    public JobScheduler(
        Graph graph, StreamingOptions options, StreamingClock clock, ListenerBus listeners, StreamingContext context,
        CheckpointCoordinator? checkpoints, Action<Exception> onFailure,
        WorkInHand work, EffectGate gate, BatchWatchdog watchdog, CancellationToken abort)
    {
        _reporter = new BatchReporter(listeners, context.Metrics, onFailure);
        var committer = new BatchCommitter(checkpoints, gate, work, _reporter);
        _services = new BatchServices(context, graph, options, clock, work, watchdog, _reporter, committer, abort);
        _queue = new BatchQueue(options.MaxPendingBatches, abort);
        _completion = new BatchCompletion(_services, _running, _completed);
        var sinks = new SinkRunner(_services);
        _outputs = new OutputRunner(_services, _completion, sinks);
        _runner = new BatchRunner(_services, _outputs, sinks, _running, _completion);
    }

    /// <summary>Whether the context stops immediately: submitted batches are dropped.</summary>
    public bool IsAborted => _services.Abort.IsCancellationRequested;

    private bool Stops => IsAborted || _reporter.HasFailed;

    /// <summary>Begins to run batches.</summary>
    /// <param name="last">The last batch that the states include.</param>
    /// <param name="skippedUntil">
    /// The last of the times that the policy skips because the program was down; null if it was not down.
    /// </param>
    public void Start(BatchTime last, BatchTime? skippedUntil)
    {
        _gap = new BatchGap(_services.Graph.Due, _services.Options, last, skippedUntil) { OnSkipped = _reporter.ReportSkipped };
        _loop = Task.Run(RunAsync);
        _turns.Begin(last);
    }

    /// <summary>Queues a batch; blocks the generator's thread while the queue is full.</summary>
    public void Submit(JobSet batch)
    {
        batch.Number = _services.Context.NumberOf(batch.Time);
        BatchInfo info = batch.ToInfo();
        _reporter.Post(batch, listener => listener.OnBatchSubmitted(info));
        if (!_queue.TryAdd(batch))
        {
            _completion.Drop(batch);
        }
    }

    /// <summary>Blocks the generator's thread until every queued batch has begun, or the context is aborted.</summary>
    public void WaitUntilNoneWaits() => _queue.WaitUntilEmpty();

    public Task WhenCompletedAsync(BatchTime time) => _completed.WhenAsync(time);

    /// <summary>Runs the queued batches (or drops them after an abort) and ends.</summary>
    public async Task StopAsync()
    {
        _queue.Close();
        await _loop.ConfigureAwait(false);
        _completed.Close(_services.Context.Failure);
        await _turns.CloseAsync().ConfigureAwait(false);
    }

    /// <summary>Reads the states that batches leave, when none runs.</summary>
    public Task<TResult> BetweenBatchesAsync<TResult>(Func<BatchTime, TResult> look, CancellationToken cancellationToken) =>
        _turns.BetweenAsync(look, cancellationToken);

    /// <summary>
    /// Stops without waiting for work that has not returned. Tasks that wait for batches fault with the reason; work
    /// that returns later releases its memory and does nothing else.
    /// </summary>
    /// <param name="failureOf">Gives the reason why a running batch is not done.</param>
    /// <param name="first">Why no batch follows, unless the context has failed before.</param>
    public void LeaveBehind(Func<BatchTime, StreamingException> failureOf, StreamingException first)
    {
        _reporter.LeaveBehind();
        _running.LeaveBehind(failureOf, _completed);
        _completed.Close(_services.Context.Failure ?? first);
    }

    private async Task RunAsync()
    {
        await foreach (JobSet batch in _queue.TakeAllAsync().ConfigureAwait(false))
        {
            await RunGapBeforeAsync(batch).ConfigureAwait(false);
            if (Stops)
            {
                _completion.Drop(batch);
            }
            else if (batch.Recovery == Outcome.Aborted)
            {
                _completion.GiveUp(batch);
            }
            else
            {
                await RunGuardedAsync(batch).ConfigureAwait(false);
            }
        }

        await _outputs.FinishEarlierAsync().ConfigureAwait(false);
    }

    // Runs skipped times at which something is due: batches without input, each complete before it is known what is due
    // next.
    private async Task RunGapBeforeAsync(JobSet batch)
    {
        if (Stops || _gap!.TryPass(batch))
        {
            return;
        }

        foreach (BatchTime time in _gap.DueBefore(batch))
        {
            JobSet due = JobSet.Empty(time, _services.Graph.Inputs, _services.Clock.NowMs);
            due.Number = _services.Context.NumberOf(time);
            if (_services.Committer.LogEmpty(time) is not null)
            {
                return;
            }

            BatchInfo info = due.ToInfo();
            _reporter.Post(listener => listener.OnBatchSubmitted(info));
            await RunGuardedAsync(due).ConfigureAwait(false);
            if (Stops)
            {
                return;
            }
        }
    }

    private async Task RunGuardedAsync(JobSet batch)
    {
        using BatchTurns.Turn turn = await _turns.BeginBatchAsync(batch.Time).ConfigureAwait(false);
        using WorkInHand.InHand inHand = _services.Work.Begin(WorkInHand.Batch, batch.Time);
        try
        {
            await _runner.RunAsync(batch).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            _completion.Abandon(batch, new StreamingException(batch.Time, "the engine", error));
        }
    }
}
