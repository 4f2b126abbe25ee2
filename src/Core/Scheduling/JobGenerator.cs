namespace FastStream;

/// <summary>At every tick cuts every input and hands the batch to the scheduler.</summary>
internal sealed class JobGenerator
{
    private readonly IReadOnlyList<IInputStream> _inputs;
    private readonly JobScheduler _scheduler;
    private readonly StreamingClock _clock;
    private readonly ListenerBus _listeners;
    private readonly StreamingOptions _options;
    private readonly Action<Exception> _onFailure;
    private readonly CheckpointCoordinator? _checkpoints;
    private readonly TickStart _start;
    private readonly BatchTimer _timer;
    private readonly InputBatch?[] _cut;   // cut, but not in a batch yet: kept when another input's cut failed

    public JobGenerator(
        IReadOnlyList<IInputStream> inputs, JobScheduler scheduler, StreamingOptions options, StreamingClock clock, ListenerBus listeners, CheckpointCoordinator? checkpoints,
        Action<Exception> onFailure)
    {
        _inputs = inputs;
        _scheduler = scheduler;
        _options = options;
        _clock = clock;
        _listeners = listeners;
        _onFailure = onFailure;
        _cut = new InputBatch?[inputs.Count];
        _checkpoints = checkpoints;
        (BatchTime, BatchTime)? earlier = checkpoints?.ZeroTime is { } zero ? (zero, checkpoints.LastPlanned ?? zero) : null;
        _start = TickStart.Of(BatchTime.From(DateTimeOffset.UnixEpoch + clock.Now), options, earlier);
        clock.BatchesAhead = _start.Ahead;
        _timer = new BatchTimer(clock, options.BatchInterval, options.MissedTicks, OnTick, _start);
    }

    /// <summary>Times of a down time up to this one are left out by policy; null for a first start.</summary>
    public BatchTime? SkippedUntil => _start.SkippedUntil;

    public BatchTime ZeroTime => _timer.ZeroTime;

    /// <summary>Whether something was cut that is in no batch. Only when it has stopped.</summary>
    public bool HasCut => _cut.Any(cut => cut is not null);

    public void Start()
    {
        if (_start.Ahead > TimeSpan.Zero)
        {
            string warning = $"The clock reads {(_start.Now - _start.Ahead).ToDateTimeOffset():u}, and an earlier run's last batch is of {_checkpoints!.LastPlanned!.Value.ToDateTimeOffset():u}. Batches go on after that one, "
                + $"{_start.Ahead} ahead of the clock until the next start. If the earlier run had a wrong date, begin with another checkpoint directory to have times that are right.";
            _listeners.Post(listener => listener.OnWarning(warning, null));
        }

        _timer.Start();
    }

    /// <summary>Ends the ticks; with a last batch, what the inputs still hold runs now, under the time of the next tick.</summary>
    public void Stop(bool lastBatch)
    {
        BatchTime next = _timer.Stop();
        if (!lastBatch)
        {
            return;
        }

        // An input that was cut for a batch that was not generated gives that now; what it holds since then needs one batch more.
        bool oneMore = _cut.Any(cut => cut is not null);
        if (Generate(next, isLast: true) && oneMore)
        {
            Generate(next + _options.BatchInterval, isLast: true);
        }
    }

    /// <summary>Gives back what was cut and will not run.</summary>
    public void DropCut()
    {
        InputBatch[] kept = [.. _cut.OfType<InputBatch>()];
        Array.Clear(_cut);
        _timer.Dispose();
        new BatchScope(default, kept).Release();
    }

    // A batch that is late already, or whose inputs take nothing more before another batch is done with, is not cut before its turn comes: cut now it
    // would hold next to nothing, and so would those after it, each at the whole fixed cost of a batch (docs/decisions/0013-pending-batches.md).
    private void OnTick(BatchTime time)
    {
        bool isLate = _clock.Until(time.Milliseconds) <= -_options.BatchInterval;
        if (isLate || IsAnyHeldUp())
        {
            _scheduler.WaitUntilNoneWaits();
        }

        Generate(time);
    }

    private bool IsAnyHeldUp()
    {
        for (int i = 0; i < _inputs.Count; i++)
        {
            if (_inputs[i].IsHeldUp)
            {
                return true;
            }
        }

        return false;
    }

    // A batch that is not on the disk must not run: its data would be lost, or another batch's, after a crash. What was cut is still there for the next start's inputs.
    private bool Plan(BatchTime time, InputBatch[] inputs)
    {
        try
        {
            _checkpoints?.Plan(time, inputs);
            return true;
        }
        catch (Exception error)
        {
            _onFailure(new StreamingException(time, "writing down what the batch is made of", error));
            return false;
        }
    }

    // Gives whether there was a batch.
    private bool Generate(BatchTime time, bool isLast = false)
    {
        var infos = new InputInfo[_cut.Length];
        for (int i = 0; i < _cut.Length; i++)
        {
            try
            {
                InputBatch cut = _cut[i] ??= _inputs[i].Cut(time);
                infos[i] = new InputInfo(_inputs[i].Id, _inputs[i].Name, cut.RecordCount, cut.SizeBytes, cut.Description);
            }
            catch (Exception error)
            {
                // What was cut stays for the next batch: nothing that was received is lost.
                var failure = new StreamingException(time, _inputs[i].Name, error);
                if (_options.OnBatchFailure == BatchFailurePolicy.FailContext)
                {
                    _onFailure(failure);
                }
                else
                {
                    string fate = isLast ? "are given up, as the context stops" : "go into the next one";
                    _listeners.Post(listener => listener.OnWarning($"Batch {time} was not generated; its data {fate}.", failure));
                }

                return false;
            }
        }

        InputBatch[] inputs = [.. _cut.Select(cut => cut!)];
        if (!Plan(time, inputs))
        {
            return false;
        }

        Array.Clear(_cut);
        _scheduler.Submit(new JobSet(time, inputs, _clock.NowMs)
        {
            InputInfos = infos,
            RecordCount = infos.Sum(info => Math.Max(0, info.RecordCount)),
            SizeBytes = infos.Sum(info => info.SizeBytes),
        });
        return true;
    }
}
