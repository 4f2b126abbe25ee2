namespace FastStream.Cli;

/// <summary>One workload in a benchmark; as in the JSON that is written. The numbers are the median of the rounds.</summary>
internal sealed record BenchResult
{
    public required string Workload { get; init; }

    /// <summary>Nanoseconds of processing for a record, all processors together.</summary>
    public required double NanosecondsPerRecord { get; init; }

    public required double MegabytesPerSecond { get; init; }

    public required double AllocatedBytesPerRecord { get; init; }

    /// <summary>The slowest round beside the fastest, as a part of the median: 0 where all are equal.</summary>
    public required double Spread { get; init; }

    /// <summary>The largest part of the machine that other processes used in a round; null where the system does not tell.</summary>
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
