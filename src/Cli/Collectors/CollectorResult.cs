namespace FastStream.Cli;

/// <summary>One job under one mode, as the JSON has it. Times are in milliseconds.</summary>
internal sealed record CollectorResult
{
    public required string Job { get; init; }

    public required string Mode { get; init; }

    /// <summary>Records a second while batches are processed, at full load.</summary>
    public required double RecordsPerSecond { get; init; }

    /// <summary>Number of pauses at full load.</summary>
    public required long Pauses { get; init; }

    public required double PauseP50Ms { get; init; }

    public required double PauseP99Ms { get; init; }

    public required double PauseMaxMs { get; init; }

    /// <summary>The part of the time in which the process was stopped, 0 to 1.</summary>
    public required double PauseShare { get; init; }

    public required double AllocatedBytesPerRecord { get; init; }

    /// <summary>The largest heap after a collection, or at the end.</summary>
    public required double HeapMegabytes { get; init; }

    /// <summary>From a record's arrival to its batch's output, at the steady rate.</summary>
    public required double LatencyP50Ms { get; init; }

    public required double LatencyP99Ms { get; init; }

    /// <summary>Whether the job kept up at the steady rate.</summary>
    public required VerdictKind Steady { get; init; }

    /// <summary>
    /// The part of the machine that other processes used, 0 to 1; null where the system does not say.
    /// </summary>
    public double? OthersCpu { get; init; }

    /// <summary>What the runtime reports about its collector; it shows that the settings took effect.</summary>
    public required string Runtime { get; init; }
}

/// <summary>The whole comparison.</summary>
internal sealed record CollectorReport
{
    public required MachineFacts Machine { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public required double IntervalMs { get; init; }

    public required int SteadyRate { get; init; }

    public bool IsInterrupted { get; init; }

    public required IReadOnlyList<CollectorResult> Results { get; init; }
}
