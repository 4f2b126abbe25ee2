namespace FastStream;

/// <summary>The known facts of a batch at the time of an event.</summary>
public sealed record BatchInfo
{
    /// <summary>The batch's time.</summary>
    public required BatchTime Time { get; init; }

    /// <summary>
    /// The batch's number: 1 for the first one after <see cref="StreamingContext.ZeroTime"/>, one more for each batch
    /// interval, run or not; the same in every run of a program with checkpoints.
    /// </summary>
    public long Number { get; init; }

    /// <summary>Records of all inputs. It includes inputs that count while decoding once the batch is completed.</summary>
    public long RecordCount { get; init; }

    /// <summary>Bytes of all inputs that know their size.</summary>
    public long SizeBytes { get; init; }

    /// <summary>Each input's part.</summary>
    public IReadOnlyList<InputInfo> Inputs { get; init; } = [];

    /// <summary>When the batch was cut and queued.</summary>
    public required DateTimeOffset SubmittedAt { get; init; }

    /// <summary>When its processing began; null before.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When its last output was done; null before.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>From submission to start; null before the start.</summary>
    public TimeSpan? SchedulingDelay { get; init; }

    /// <summary>From start to end; null before the end. Stable programs keep it below the batch interval.</summary>
    public TimeSpan? ProcessingTime { get; init; }

    /// <summary>From submission to end; null before the end.</summary>
    public TimeSpan? TotalDelay { get; init; }

    /// <summary>The runs of the outputs; added as they end.</summary>
    public IReadOnlyList<OutputInfo> Outputs { get; init; } = [];

    /// <summary>
    /// Records that operators dropped because their functions failed for them, by <c>OnError</c>; known once the batch
    /// is completed.
    /// </summary>
    public long FailedRecordCount { get; init; }

    /// <summary>
    /// Where the batch spent its time; null if no listener requested it, and before its operators have finished.
    /// </summary>
    public BatchProfile? Profile { get; init; }

    /// <summary>Why the batch failed; null if it has not.</summary>
    public StreamingException? Failure { get; init; }
}

/// <summary>One input's part in a batch.</summary>
/// <param name="StreamId">Number of the input stream.</param>
/// <param name="Name">Name of the input stream.</param>
/// <param name="RecordCount">Its records; -1 if not known yet.</param>
/// <param name="SizeBytes">Its bytes, 0 if not known.</param>
/// <param name="Description">The input's description of the data's origin, such as file names.</param>
public sealed record InputInfo(int StreamId, string Name, long RecordCount, long SizeBytes, string? Description)
{
    /// <summary>How far the input was behind the end of what it reads when this batch was cut.</summary>
    public SourceLag Lag { get; init; }
}

/// <summary>How far an input is behind the end of what it reads: the data that exist and are in no batch yet.</summary>
/// <param name="Records">In records; null if unknown.</param>
/// <param name="Bytes">In bytes; null if unknown.</param>
public readonly record struct SourceLag(long? Records, long? Bytes = null);

/// <summary>One output's run for a batch.</summary>
/// <param name="Index">Number of the output in its context.</param>
/// <param name="Name">Name of output and stream.</param>
/// <param name="Duration">How long its function ran.</param>
/// <param name="Failure">Message of its exception; null if it succeeded.</param>
public sealed record OutputInfo(int Index, string Name, TimeSpan Duration, string? Failure)
{
    /// <summary>From the batch's start to the start of the function.</summary>
    public TimeSpan Start { get; init; }
}
