namespace FastStream;

/// <summary>All jobs of one batch: its inputs, its times, and how it went.</summary>
internal sealed class JobSet(BatchTime time, InputBatch[] inputs, double submittedMs)
{
    public BatchTime Time { get; } = time;

    /// <summary>By input index; handed from run to run when the batch is retried.</summary>
    public InputBatch[] Inputs { get; } = inputs;

    public double SubmittedMs { get; } = submittedMs;

    public double StartedMs { get; set; }

    public double EndedMs { get; set; }

    /// <summary>Which outputs are done for this batch; a retry leaves them out.</summary>
    public HashSet<int> DoneOutputs { get; } = [];

    public StreamingException? Failure { get; set; }

    /// <summary>Whether an output ended early because the context stops at once: its failure is no reason to fail the context.</summary>
    public bool IsCutShort { get; set; }

    public IReadOnlyList<OutputInfo> OutputInfos { get; set; } = [];

    public long RecordCount { get; set; }

    public long SizeBytes { get; set; }

    public IReadOnlyList<InputInfo> InputInfos { get; set; } = [];

    public BatchInfo ToInfo() => new()
    {
        Time = Time,
        RecordCount = RecordCount,
        SizeBytes = SizeBytes,
        Inputs = InputInfos,
        SubmittedAt = At(SubmittedMs)!.Value,
        StartedAt = At(StartedMs),
        EndedAt = At(EndedMs),
        SchedulingDelay = StartedMs > 0 ? TimeSpan.FromMilliseconds(StartedMs - SubmittedMs) : null,
        ProcessingTime = EndedMs > 0 ? TimeSpan.FromMilliseconds(EndedMs - StartedMs) : null,
        TotalDelay = EndedMs > 0 ? TimeSpan.FromMilliseconds(EndedMs - SubmittedMs) : null,
        Outputs = OutputInfos,
        Failure = Failure,
    };

    private static DateTimeOffset? At(double ms) => ms > 0 ? DateTimeOffset.UnixEpoch.AddMilliseconds(ms) : null;
}
