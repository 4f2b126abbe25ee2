namespace FastStream.Testing;

/// <summary>How a test runs its streams. The defaults suit most tests.</summary>
public sealed record StreamTestOptions
{
    /// <summary>Partitions of the inputs: 1 to 1024; default 2, so that exchanges happen.</summary>
    public int Partitions { get; init; } = 2;

    /// <summary>
    /// Time between batches on the test's clock: whole milliseconds; default 1 s. It takes no real time.
    /// </summary>
    public TimeSpan BatchInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// What the clock reads at the start; default the Unix epoch. The first batch time is the next multiple of the
    /// interval.
    /// </summary>
    public DateTimeOffset StartTime { get; init; } = DateTimeOffset.UnixEpoch;

    /// <summary>Batches to run; default as many as the longest input has. With more, the inputs are empty at the end.</summary>
    public int? BatchCount { get; init; }

    /// <summary>Changes the context's options after the ones above are set; default: no change.</summary>
    public Func<StreamingOptions, StreamingOptions>? Configure { get; init; }

    /// <summary>How long one batch may take in real time before the run fails as hanging; default 1 minute.</summary>
    public TimeSpan HangTimeout { get; init; } = TimeSpan.FromMinutes(1);
}
