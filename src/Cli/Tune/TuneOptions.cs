namespace FastStream.Cli;

/// <summary>The options of `tune`.</summary>
internal sealed record TuneOptions
{
    /// <summary>The user's assembly; null for a built-in workload.</summary>
    public string? Job { get; init; }

    public string? ClassName { get; init; }

    public string Workload { get; init; } = "log";

    public string Source { get; init; } = "memory";

    /// <summary>Records a second for built-in workloads, one series for each.</summary>
    public IReadOnlyList<int> Rates { get; init; } = [100_000];

    public IReadOnlyList<int> Partitions { get; init; } = [Environment.ProcessorCount];

    /// <summary>Collector modes to compare; empty for this process's mode.</summary>
    public IReadOnlyList<string> Gc { get; init; } = [];

    public TimeSpan From { get; init; } = TimeSpan.FromSeconds(10);

    public TimeSpan Least { get; init; } = TimeSpan.FromMilliseconds(1);

    public TimeSpan StepTime { get; init; } = TimeSpan.FromSeconds(10);

    public int Refinements { get; init; } = 3;

    public double Margin { get; init; } = 0.25;

    public double OthersLimit { get; init; } = 0.1;
}
