namespace FastStream.Cli;

/// <summary>One workload of a benchmark, as the JSON has it. The numbers are medians of the rounds.</summary>
internal sealed record BenchResult
{
    public required string Workload { get; init; }

    /// <summary>Nanoseconds of processing for each record, with all processors together.</summary>
    public required double NanosecondsPerRecord { get; init; }

    public required double MegabytesPerSecond { get; init; }

    public required double AllocatedBytesPerRecord { get; init; }

    /// <summary>
    /// The difference between the slowest and the fastest round, as a part of the median: 0 where all are equal.
    /// </summary>
    public required double Spread { get; init; }

    /// <summary>
    /// The largest part of the machine that other processes used in a round; null where the system does not say.
    /// </summary>
    public double? OthersCpu { get; init; }
}

/// <summary>A whole benchmark.</summary>
internal sealed record BenchReport
{
    public required MachineFacts Machine { get; init; }

    public required string Version { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public required IReadOnlyList<BenchResult> Results { get; init; }
}
