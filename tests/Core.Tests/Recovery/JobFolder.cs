namespace FastStream.Tests.Core.Checkpointing;

/// <summary>A directory for checkpoints that goes with the test, and scenarios that start on it one after the other.</summary>
internal sealed class JobFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("faststream-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);

    /// <summary>A scenario that goes on from the directory.</summary>
    /// <param name="afterTick">Seconds that the clock reads.</param>
    /// <param name="partitions">Partitions of the context.</param>
    /// <param name="interval">Seconds between checkpoints.</param>
    /// <param name="configure">Changes the options.</param>
    public StreamScenario Start(int afterTick = 0, int partitions = 2, int interval = 2,
        Func<StreamingOptions, StreamingOptions>? configure = null) => new(new StreamTestOptions
    {
        Partitions = partitions,
        StartTime = DateTimeOffset.UnixEpoch.AddSeconds(afterTick),
        Configure = options =>
        {
            options = options with { Checkpoint = new CheckpointOptions { Directory = Path, Interval = TimeSpan.FromSeconds(interval) } };
            return configure?.Invoke(options) ?? options;
        },
    });
}
