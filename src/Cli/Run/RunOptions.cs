namespace FastStream.Cli;

/// <summary>The options of `run`.</summary>
internal sealed record RunOptions
{
    public required string Job { get; init; }

    public string? ClassName { get; init; }

    public required TimeSpan Interval { get; init; }

    public required int Partitions { get; init; }

    public TimeSpan? Duration { get; init; }

    public string? Checkpoint { get; init; }

    public int? DashboardPort { get; init; }

    public bool StopsWhenInputsEnd { get; init; }

    public bool Json { get; init; }

    /// <summary>Returns the context's settings.</summary>
    public StreamingOptions ToStreamingOptions(string name) => new()
    {
        Name = name,
        BatchInterval = Interval,
        Partitions = Partitions,
        StopWhenInputsEnd = StopsWhenInputsEnd,
        Checkpoint = Checkpoint is null ? null : new CheckpointOptions { Directory = Checkpoint },
    };
}
