namespace FastStream;

/// <summary>All jobs of one batch: its inputs, its times, and how it went.</summary>
internal sealed class JobSet(BatchTime time, InputBatch[] inputs, double submittedMs)
{
    private HashSet<int>? _unpublished;

    public BatchTime Time { get; } = time;

    /// <summary>Its number, from 1; set when it is submitted.</summary>
    public long Number { get; set; }

    /// <summary>The inputs' batches, by input index; passed from attempt to attempt when the batch is retried.</summary>
    public InputBatch[] Inputs { get; } = inputs;

    public double SubmittedMs { get; } = submittedMs;

    /// <summary>NaN before the start; 0 is a valid time, on a clock that begins there.</summary>
    public double StartedMs { get; set; } = double.NaN;

    public double EndedMs { get; set; } = double.NaN;

    /// <summary>How far the batch came before a crash; null for a new batch.</summary>
    public Outcome? Recovery { get; init; }

    /// <summary>
    /// Whether an earlier run completed its outputs and reported it: it is replayed only to rebuild states.
    /// </summary>
    public bool IsForStatesOnly => Recovery is Outcome.Committed or Outcome.CommittedWithoutData;

    /// <summary>
    /// Whether it runs without its data, for the records of earlier batches: only the outputs of those run.
    /// </summary>
    public bool IsWithoutData => Recovery is Outcome.WithoutData or Outcome.CommittedWithoutData;

    /// <summary>Whether an earlier run decided its outcome, and therefore that of all times before it.</summary>
    public bool IsDecided => Recovery is not (null or Outcome.Pending);

    /// <summary>Whether an earlier run completed the batch successfully.</summary>
    public bool WasCounted { get; init; }

    /// <summary>Marks the code that runs for the batch; set when the batch begins.</summary>
    public OwnWork? Own { get; set; }

    /// <summary>The outputs that are done for this batch; a retry skips them.</summary>
    public HashSet<int> DoneOutputs { get; } = [];

    /// <summary>Outputs in two phases that have begun to write the batch, and have neither published nor aborted it.</summary>
    public HashSet<int> Unpublished => _unpublished ??= [];

    /// <summary>Whether there is one; costs nothing where no output is in two phases.</summary>
    public bool HasUnpublished => _unpublished is { Count: > 0 };

    public StreamingException? Failure { get; set; }

    /// <summary>Records that operators dropped by their error policies.</summary>
    public long FailedRecordCount { get; set; }

    /// <summary>
    /// Whether the batch failed only because an operator or output ended early in an immediate stop: no reason to fail
    /// the context.
    /// </summary>
    public bool IsCutShort { get; set; }

    public IReadOnlyList<OutputInfo> OutputInfos { get; set; } = [];

    /// <summary>Measures the stages; null where measuring is off.</summary>
    public StageTimes? StageTimes { get; set; }

    public BatchProfile? Profile { get; set; }

    public long RecordCount { get; set; }

    public long SizeBytes { get; set; }

    public IReadOnlyList<InputInfo> InputInfos { get; set; } = [];

    /// <summary>Creates the job set of a batch of an earlier run that must run again.</summary>
    public static JobSet Of(LoadedBatch batch, IReadOnlyList<IInputStream> inputs, double submittedMs) =>
        new(batch.Time, batch.Inputs, submittedMs)
    {
        Recovery = batch.Outcome,
        WasCounted = batch.WasCounted,
        InputInfos = batch.Inputs.Select((cut, i) =>
            new InputInfo(inputs[i].Id, inputs[i].Name, cut.RecordCount, cut.SizeBytes, cut.Description)).ToArray(),
    };

    /// <summary>Creates the job set of a batch without input.</summary>
    public static JobSet Empty(BatchTime time, IReadOnlyList<IInputStream> inputs, double submittedMs) =>
        new(time, EmptyInputs(time, inputs), submittedMs)
    {
        InputInfos = inputs.Select(input => new InputInfo(input.Id, input.Name, 0, 0, null)).ToArray(),
    };

    public static InputBatch[] EmptyInputs(BatchTime time, IReadOnlyList<IInputStream> inputs) =>
        inputs.Select(input => input.LoadBatch(time, null)).ToArray();

    /// <summary>Updates the number of records of the inputs, which some know only after they have run.</summary>
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
