namespace FastStream.Cli;

/// <summary>Milliseconds by percentile.</summary>
internal sealed record Percentiles(double P50, double P95, double P99, double P999, double Max)
{
    public static Percentiles Of(Histogram times) => new(
        Ms(times.Percentile(0.5)), Ms(times.Percentile(0.95)), Ms(times.Percentile(0.99)), Ms(times.Percentile(0.999)), Ms(times.Largest));

    private static double Ms(TimeSpan time) => Math.Round(time.TotalMilliseconds, 3);
}

/// <summary>
/// The result of one step of a tuning, with one interval and one setting of everything else, as the JSON has it.
/// </summary>
internal sealed record StepResult
{
    public required double IntervalMs { get; init; }

    public required VerdictKind Verdict { get; init; }

    public required string Reason { get; init; }

    /// <summary>The length of the measurement, after the warm-up.</summary>
    public required double MeasuredSeconds { get; init; }

    public required int Batches { get; init; }

    public required long Records { get; init; }

    /// <summary>From a batch's start to the end of its last output.</summary>
    public required Percentiles ProcessingMs { get; init; }

    /// <summary>Growth of the processing time in milliseconds a minute: the median over all pairs of batches.</summary>
    public required double ProcessingGrowthMsPerMinute { get; init; }

    /// <summary>From a batch's time to its start.</summary>
    public required Percentiles DelayMs { get; init; }

    /// <summary>Growth of the delay in milliseconds a second: the queue's trend.</summary>
    public required double DelayGrowthMsPerSecond { get; init; }

    /// <summary>From a record's arrival to the end of its batch's outputs.</summary>
    public required Percentiles LatencyMs { get; init; }

    /// <summary>Whether arrivals are known; if not, they are assumed to be spread evenly over the interval.</summary>
    public required bool IsLatencyMeasured { get; init; }

    /// <summary>For each bar, its upper bound in milliseconds and its number of records.</summary>
    public required IReadOnlyList<double[]> LatencyHistogram { get; init; }

    public required double RecordsPerSecond { get; init; }

    /// <summary>How many times the p95 of the processing time fits into the interval.</summary>
    public required double Headroom { get; init; }

    /// <summary>Bytes that the whole process, including the sender, allocates for each record.</summary>
    public required double AllocatedBytesPerRecord { get; init; }

    public required long Pauses { get; init; }

    public required double LongestPauseMs { get; init; }

    /// <summary>The part of the time in which the collector stopped the process, 0 to 1.</summary>
    public required double PauseShare { get; init; }

    /// <summary>
    /// The part of the machine that other processes used, 0 to 1; null where the system does not say.
    /// </summary>
    public double? OthersCpu { get; init; }

    public bool IsStable() => Verdict == VerdictKind.Stable;
}
