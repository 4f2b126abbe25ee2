namespace FastStream.Cli;

/// <summary>All results of a tuning, as <c>--json</c> prints them.</summary>
internal sealed record TuneReport
{
    public required string Job { get; init; }

    /// <summary>The machine and the runtime, in words.</summary>
    public required MachineFacts Machine { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>The part of the interval that a recommended interval leaves free at p95, 0 to 1.</summary>
    public required double Margin { get; init; }

    /// <summary>Whether the tuning was interrupted, so that the results are incomplete.</summary>
    public bool IsInterrupted { get; init; }

    /// <summary>One series for each requested setting.</summary>
    public required IReadOnlyList<TuneSeries> Series { get; init; }

    /// <summary>
    /// Returns the series with the shortest recommended interval; of equal ones, the one with the lower latency.
    /// </summary>
    public TuneSeries? Best() => Series.Where(series => series.RecommendedMs is not null)
        .OrderBy(series => series.RecommendedMs)
        .ThenBy(series => series.Step(series.RecommendedMs!.Value)?.LatencyMs.P99)
        .FirstOrDefault();
}

/// <summary>The steps of one setting.</summary>
internal sealed record TuneSeries
{
    public required int Partitions { get; init; }

    /// <summary>The name of the collector's mode.</summary>
    public required string Gc { get; init; }

    /// <summary>Records sent a second; null where the job has its own sources.</summary>
    public int? Rate { get; init; }

    public required IReadOnlyList<StepResult> Steps { get; init; }

    /// <summary>The recommended interval; null where no step was stable.</summary>
    public double? RecommendedMs { get; init; }

    /// <summary>The reason for the recommendation.</summary>
    public required string Advice { get; init; }

    public string Title() =>
        string.Join(", ", new[] { Rate is { } rate
            ? $"{rate:N0} records/s" : null, $"{Partitions} partition{(Partitions == 1 ? "" : "s")}", Gc }.OfType<string>());

    public StepResult? Step(double intervalMs) => Steps.LastOrDefault(step => step.IntervalMs == intervalMs);
}
