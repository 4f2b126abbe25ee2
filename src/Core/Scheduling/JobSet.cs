namespace FastStream;

/// <summary>All jobs of one batch: its inputs, its times, and how it went.</summary>
internal sealed class JobSet(BatchTime time, InputBatch[] inputs, double submittedMs)
{
    public BatchTime Time { get; } = time;

    /// <summary>Its number, from 1; set when it is submitted.</summary>
    public long Number { get; set; }

    /// <summary>By input index; handed from run to run when the batch is retried.</summary>
    public InputBatch[] Inputs { get; } = inputs;

    public double SubmittedMs { get; } = submittedMs;

    /// <summary>NaN before; 0 is a time like any other, on a clock that begins there.</summary>
    public double StartedMs { get; set; } = double.NaN;

    public double EndedMs { get; set; } = double.NaN;

    /// <summary>How far the batch came before a crash; null for one that is new.</summary>
    public Outcome? Recovery { get; init; }

    /// <summary>Whether an earlier run did its outputs and reported it: it runs again for the states.</summary>
    public bool IsForStatesOnly => Recovery is Outcome.Committed or Outcome.CommittedWithoutData;

    /// <summary>Whether it runs without its data, for what earlier batches brought: only outputs of that run.</summary>
    public bool IsWithoutData => Recovery is Outcome.WithoutData or Outcome.CommittedWithoutData;

    /// <summary>Whether an earlier run was done with it, and so with all times before it.</summary>
    public bool IsDecided => Recovery is not (null or Outcome.Pending);

    /// <summary>Whether an earlier run did the batch with success.</summary>
    public bool WasCounted { get; init; }

    /// <summary>What marks the code that runs for the batch; since it began.</summary>
    public OwnWork? Own { get; set; }

    /// <summary>Which outputs are done for this batch; a retry leaves them out.</summary>
    public HashSet<int> DoneOutputs { get; } = [];

    /// <summary>Outputs in two phases that have begun to write the batch, and have neither published nor aborted it.</summary>
    public HashSet<int> Unpublished { get; } = [];

    public StreamingException? Failure { get; set; }

    /// <summary>Records that operators left out by their error policies.</summary>
    public long FailedRecordCount { get; set; }

    /// <summary>
    /// Whether the failure is that an operator or output ended early because the context stops at once: no reason to
    /// fail the context.
    /// </summary>
    public bool IsCutShort { get; set; }

    public IReadOnlyList<OutputInfo> OutputInfos { get; set; } = [];

    /// <summary>Measures the stages; null where nobody asks.</summary>
    public StageTimes? StageTimes { get; set; }

    public BatchProfile? Profile { get; set; }

    public long RecordCount { get; set; }

    public long SizeBytes { get; set; }

    public IReadOnlyList<InputInfo> InputInfos { get; set; } = [];

    /// <summary>A batch of an earlier run that is to run again.</summary>
    public static JobSet Of(LoadedBatch batch, IReadOnlyList<IInputStream> inputs, double submittedMs) =>
        new(batch.Time, batch.Inputs, submittedMs)
    {
        Recovery = batch.Outcome,
        WasCounted = batch.WasCounted,
        InputInfos = batch.Inputs.Select((cut, i) =>
            new InputInfo(inputs[i].Id, inputs[i].Name, cut.RecordCount, cut.SizeBytes, cut.Description)).ToArray(),
    };

    /// <summary>A batch for which nothing came in.</summary>
    public static JobSet Empty(BatchTime time, IReadOnlyList<IInputStream> inputs, double submittedMs) =>
        new(time, EmptyInputs(time, inputs), submittedMs)
    {
        InputInfos = inputs.Select(input => new InputInfo(input.Id, input.Name, 0, 0, null)).ToArray(),
    };

    public static InputBatch[] EmptyInputs(BatchTime time, IReadOnlyList<IInputStream> inputs) =>
        inputs.Select(input => input.LoadBatch(time, null)).ToArray();

    /// <summary>Takes over how many records the inputs had, which some know only when they have run.</summary>
    public void CountRecords()
    {
        InputInfos = InputInfos.Select((info, i) => info with { RecordCount = Inputs[i].RecordCount }).ToArray();
        RecordCount = InputInfos.Sum(info => Math.Max(0, info.RecordCount));
    }

    public BatchInfo ToInfo() => new()
    {
        Time = Time,
        Number = Number,
        RecordCount = RecordCount,
        SizeBytes = SizeBytes,
        Inputs = InputInfos,
        SubmittedAt = At(SubmittedMs)!.Value,
        StartedAt = At(StartedMs),
        EndedAt = At(EndedMs),
        SchedulingDelay = Duration(SubmittedMs, StartedMs),
        ProcessingTime = Duration(StartedMs, EndedMs),
        TotalDelay = Duration(SubmittedMs, EndedMs),
        Outputs = OutputInfos,
        Profile = Profile,
        FailedRecordCount = FailedRecordCount,
        Failure = Failure,
    };

    private static DateTimeOffset? At(double ms) => double.IsNaN(ms) ? null : DateTimeOffset.UnixEpoch.AddMilliseconds(ms);

    private static TimeSpan? Duration(double fromMs, double toMs) => double.IsNaN(toMs) ? null : TimeSpan.FromMilliseconds(toMs - fromMs);
}
