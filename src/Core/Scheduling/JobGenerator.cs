namespace FastStream;

/// <summary>Cuts every input at every tick and submits the batch to the scheduler.</summary>
internal sealed class JobGenerator
{
    private readonly IReadOnlyList<IInputStream> _inputs;
    private readonly JobScheduler _scheduler;
    private readonly StreamingClock _clock;
    private readonly ListenerBus _listeners;
    private readonly StreamingOptions _options;
    private readonly Action<Exception> _onFailure;
    private readonly Action _onInputsEnded;
    private readonly CheckpointCoordinator? _checkpoints;
    private readonly WorkInHand _work;
    private readonly EffectGate _gate;
    private readonly BatchWatchdog _watchdog;
    private readonly OwnWork _own;         // marks the code of inputs that is called for a cut
    private readonly TickStart _start;
    private readonly BatchTimer _timer;
    private readonly InputBatch?[] _cut;   // cut but not in a batch yet: kept when another input's cut failed
    private bool _haveAllEnded;            // the inputs have all ended, and the context stops then: the last batch was generated

    public JobGenerator(
        IReadOnlyList<IInputStream> inputs, JobScheduler scheduler, StreamingOptions options, StreamingClock clock,
        ListenerBus listeners, CheckpointCoordinator? checkpoints,
        Action<Exception> onFailure, Action onInputsEnded, WorkInHand work, EffectGate gate, BatchWatchdog watchdog, OwnWork own)
    {
        _work = work;
        _gate = gate;
        _watchdog = watchdog;
        _own = own;
        _inputs = inputs;
        _scheduler = scheduler;
        _options = options;
        _clock = clock;
        _listeners = listeners;
        _onFailure = onFailure;
        _onInputsEnded = onInputsEnded;
        _cut = new InputBatch?[inputs.Count];
        _checkpoints = checkpoints;
        (BatchTime, BatchTime)? earlier = checkpoints?.ZeroTime is { } zero ? (zero, checkpoints.LastPlanned ?? zero) : null;
        _start = TickStart.Of(BatchTime.From(DateTimeOffset.UnixEpoch + clock.Now), options, earlier);
        clock.BatchesAhead = _start.Ahead;
        _timer = new BatchTimer(clock, options.BatchInterval, options.MissedTicks, OnTick, _start);
    }

    /// <summary>The last of the times that the policy skips because the program was down; null for a first start.</summary>
    public BatchTime? SkippedUntil => _start.SkippedUntil;

    public BatchTime ZeroTime => _timer.ZeroTime;

    /// <summary>Whether something was cut that is in no batch. Valid only after the stop.</summary>
    public bool HasCut => _cut.Any(cut => cut is not null);

    public void Start()
    {
        if (_options.Pace == BatchPace.Input)
        {
            _timer.GoOn();
        }
        else if (_start.Ahead > TimeSpan.Zero)
        {
            string warning =
                $"The clock reads {(_start.Now - _start.Ahead).ToDateTimeOffset():u}, and an earlier run's last "
                + $"batch is of {_checkpoints!.LastPlanned!.Value.ToDateTimeOffset():u}. Batches go on after that one, "
                + $"{_start.Ahead} ahead of the clock until the next start. If the earlier run had a wrong date, "
                    + "begin with another checkpoint directory to have times that are right.";
            _listeners.Post(listener => listener.OnWarning(warning, null));
        }

        _timer.Start();
    }

    /// <summary>
    /// Ends the ticks. With a last batch, the records that the inputs still hold run now, with the time of the next
    /// tick.
    /// </summary>
    public void Stop(bool lastBatch)
    {
        BatchTime next = _timer.Stop();
        if (!lastBatch || _haveAllEnded)
        {
            return;
        }

        // An input that was cut for a batch that was not generated gives those records now; records that arrived since
        // need one more batch.
        bool oneMore = _cut.Any(cut => cut is not null);
        if (Generate(next, isLast: true) && oneMore)
        {
            Generate(next + _options.BatchInterval, isLast: true);
        }
    }

    /// <summary>Releases what was cut and will not run.</summary>
    public void DropCut()
    {
        InputBatch[] kept = [.. _cut.OfType<InputBatch>()];
        Array.Clear(_cut);
        _timer.Dispose();
        new BatchContext(default, kept).Release();
    }

    // The generator waits with the cut of a batch that is already late, or whose inputs accept nothing more until
    // another batch completes, until the batch's turn comes. Cut now, it and those after it would hold next to nothing,
    // each at the full fixed cost of a batch (docs/decisions/0013-pending-batches.md).
    private void OnTick(BatchTime time)
    {
        if (_haveAllEnded || _scheduler.IsAborted)
        {
            return;   // nothing more would run, so nothing is cut or logged
        }

        _own.Enter();
        bool isLate = _clock.Until(time.Milliseconds) <= -_options.BatchInterval;
        if (isLate || _options.Pace == BatchPace.Input || IsAnyHeldUp())
        {
            _scheduler.WaitUntilNoneWaits();
        }

        Generate(time);
    }

    private bool IsAnyHeldUp()
    {
        for (int i = 0; i < _inputs.Count; i++)
        {
            if (_inputs[i].IsBackpressured)
            {
                return true;
            }
        }

        return false;
    }

    // A batch that is not on disk must not run: after a crash, its data would be lost, or would belong to another
    // batch. The inputs of the next start still have what was cut.
    private bool Plan(BatchTime time, InputBatch[] inputs)
    {
        if (!_gate.TryEnter())
        {
            return false;
        }

        using WorkInHand.InHand inHand = _work.Begin("logging the batch's input", time);
        try
        {
            _checkpoints?.Plan(time, inputs);
            return true;
        }
        catch (Exception error)
        {
            _onFailure(new StreamingException(time, "logging the batch's input", error));
            return false;
        }
        finally
        {
            _gate.Exit();
        }
    }

    // Returns whether there was a batch.
    private bool Generate(BatchTime time, bool isLast = false)
    {
        JobSet? batch;
        bool haveAllEnded;
        _watchdog.Begin(time);
        try
        {
            batch = Make(time, isLast, out haveAllEnded);
        }
        finally
        {
            _watchdog.End(time);
        }

        if (batch is null)
        {
            return false;
        }

        if (_options.Pace == BatchPace.Input && batch.InputInfos.Any(input => input.RecordCount != 0))
        {
            _timer.GoOn();
        }

        _scheduler.Submit(batch);
        if (haveAllEnded)
        {
            _haveAllEnded = true;
            _onInputsEnded();
        }

        return true;
    }

    // Cuts all inputs and writes the intent record of the batch; null if one of these failed.
    private JobSet? Make(BatchTime time, bool isLast, out bool haveAllEnded)
    {
        var infos = new InputInfo[_cut.Length];
        haveAllEnded = _options.StopWhenInputsEnd;
        for (int i = 0; i < _cut.Length; i++)
        {
            using WorkInHand.InHand inHand = _work.Begin(_inputs[i].Name, time);
            try
            {
                InputBatch cut = _cut[i] ??= _inputs[i].Cut(time);
                infos[i] = new InputInfo(_inputs[i].Id, _inputs[i].Name, cut.RecordCount, cut.SizeBytes, cut.Description)
                {
                    Lag = _inputs[i].Lag,
                };
                haveAllEnded = haveAllEnded && _inputs[i].HasEnded;
            }
            catch (Exception error)
            {
                // What was cut stays for the next batch: no received data are lost.
                CutFailed(new StreamingException(time, _inputs[i].Name, error) { Origin = _inputs[i].Origin }, isLast);
                return null;
            }

            if (_gate.IsClosed)
            {
                return null;   // the input returned after the context had stopped
            }
        }

        InputBatch[] inputs = [.. _cut.Select(cut => cut!)];
        if (!Plan(time, inputs))
        {
            return null;
        }

        Array.Clear(_cut);
        return new JobSet(time, inputs, _clock.NowMs)
        {
            InputInfos = infos,
            RecordCount = infos.Sum(info => Math.Max(0, info.RecordCount)),
            SizeBytes = infos.Sum(info => info.SizeBytes),
        };
    }

    private void CutFailed(StreamingException failure, bool isLast)
    {
        if (_gate.IsClosed)
        {
            return;
        }

        if (_options.OnBatchFailure == BatchFailurePolicy.FailContext)
        {
            _onFailure(failure);
        }
        else
        {
            string fate = isLast ? "are given up, as the context stops" : "go into the next one";
            _listeners.Post(listener => listener.OnWarning($"Batch {failure.BatchTime} was not generated; its data {fate}.", failure));
        }
    }
}
