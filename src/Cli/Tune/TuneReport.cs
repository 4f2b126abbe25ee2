namespace FastStream.Cli;

/// <summary>All that a tuning found out; what <c>--json</c> prints.</summary>
internal sealed record TuneReport
{
    public required string Job { get; init; }

    /// <summary>The machine and the runtime, in words.</summary>
    public required MachineFacts Machine { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>The part of the interval that a recommended one leaves free at p95, 0 to 1.</summary>
    public required double Margin { get; init; }

    /// <summary>Whether it was interrupted: what is here was measured, and more was wanted.</summary>
    public bool IsInterrupted { get; init; }

    /// <summary>One for each setting that was asked for.</summary>
    public required IReadOnlyList<TuneSeries> Series { get; init; }

    /// <summary>The series with the least recommended interval; where two are equal, the one whose records are through sooner.</summary>
    public TuneSeries? Best() => Series.Where(series => series.RecommendedMs is not null)
        .OrderBy(series => series.RecommendedMs)
        .ThenBy(series => series.Step(series.RecommendedMs!.Value)?.LatencyMs.P99)
        .FirstOrDefault();
}

/// <summary>The steps of one setting.</summary>
internal sealed record TuneSeries
{
    public required int Partitions { get; init; }

    /// <summary>The collector's mode by name.</summary>
    public required string Gc { get; init; }

    /// <summary>Records a second that were sent; null where the job has its own sources.</summary>
    public int? Rate { get; init; }

    public required IReadOnlyList<StepResult> Steps { get; init; }

    /// <summary>The interval to take; null where no step was stable.</summary>
    public double? RecommendedMs { get; init; }

    /// <summary>Why that one.</summary>
    public required string Advice { get; init; }

    public string Title() =>
        string.Join(", ", new[] { Rate is { } rate
            ? $"{rate:N0} records/s" : null, $"{Partitions} partition{(Partitions == 1 ? "" : "s")}", Gc }.OfType<string>());

    public StepResult? Step(double intervalMs) => Steps.LastOrDefault(step => step.IntervalMs == intervalMs);
}
