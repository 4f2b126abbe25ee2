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
    private readonly BatchTimer _timer;
    private readonly InputBatch?[] _cut;   // cut, but not in a batch yet: kept when another input's cut failed

    public JobGenerator(IReadOnlyList<IInputStream> inputs, JobScheduler scheduler, StreamingOptions options, StreamingClock clock, ListenerBus listeners, Action<Exception> onFailure)
    {
        _inputs = inputs;
        _scheduler = scheduler;
        _options = options;
        _clock = clock;
        _listeners = listeners;
        _onFailure = onFailure;
        _cut = new InputBatch?[inputs.Count];
        _timer = new BatchTimer(clock, options.BatchInterval, options.MissedTicks, time => Generate(time));
    }

    public BatchTime ZeroTime => _timer.ZeroTime;

    public void Start() => _timer.Start();

    /// <summary>Ends the ticks; with a last batch, what the inputs still hold runs now, under the time of the next tick.</summary>
    public void Stop(bool lastBatch)
    {
        BatchTime next = _timer.Stop();
        if (lastBatch)
        {
            Generate(next);
        }
    }

    /// <summary>Gives back what was cut and will not run.</summary>
    public void DropCut()
    {
        for (int i = 0; i < _cut.Length; i++)
        {
            _cut[i]?.Dispose();
            _cut[i] = null;
        }

        _timer.Dispose();
    }

    private void Generate(BatchTime time)
    {
        for (int i = 0; i < _cut.Length; i++)
        {
            try
            {
                _cut[i] ??= _inputs[i].Cut(time);
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
                    _listeners.Post(listener => listener.OnWarning($"Batch {time} was not generated; its data go into the next one.", failure));
                }

                return;
            }
        }

        var inputs = new InputBatch[_cut.Length];
        var infos = new InputInfo[_cut.Length];
        for (int i = 0; i < inputs.Length; i++)
        {
            InputBatch cut = _cut[i]!;
            inputs[i] = cut;
            infos[i] = new InputInfo(_inputs[i].Id, _inputs[i].Name, cut.RecordCount, cut.SizeBytes, cut.Description);
            _cut[i] = null;
        }

        _scheduler.Submit(new JobSet(time, inputs, _clock.NowMs)
        {
            InputInfos = infos,
            RecordCount = infos.Sum(info => Math.Max(0, info.RecordCount)),
            SizeBytes = infos.Sum(info => info.SizeBytes),
        });
    }
}
