namespace FastStream;

/// <summary>
/// The contents of a checkpoint directory, read without the program that wrote it: checkpoints with their states and
/// inputs, the batches of the log, and any damage.
/// </summary>
/// <remarks>
/// For tools. Reading changes and repairs nothing. It locks the directory, so that no context can start on it
/// meanwhile. The values are read once; safe from any thread.
/// </remarks>
/// <example><code>
/// CheckpointDirectory saved = CheckpointDirectory.Read("state/");
/// foreach (CheckpointDamage damage in saved.Damage) Console.WriteLine($"{damage.File}: {damage.Message}");
/// </code></example>
public sealed class CheckpointDirectory
{
    private CheckpointDirectory(string path, IReadOnlyList<SavedCheckpoint> checkpoints,
        IReadOnlyList<LoggedBatch> batches, IReadOnlyList<CheckpointDamage> damage)
    {
        Path = path;
        Checkpoints = checkpoints;
        Batches = batches;
        Damage = damage;
    }

    /// <summary>Its full path.</summary>
    public string Path { get; }

    /// <summary>
    /// The checkpoints whose manifests can be read, newest first. A checkpoint with damaged data is both here and in
    /// <see cref="Damage"/>.
    /// </summary>
    public IReadOnlyList<SavedCheckpoint> Checkpoints { get; }

    /// <summary>
    /// The logged batches after the oldest readable checkpoint, in order of time, up to the first damage in the log.
    /// </summary>
    public IReadOnlyList<LoggedBatch> Batches { get; }

    /// <summary>
    /// What differs from what was written; empty if nothing does. The torn record that a crash leaves at the end of the
    /// log is not damage.
    /// </summary>
    public IReadOnlyList<CheckpointDamage> Damage { get; }

    /// <summary>Reads a whole directory: it verifies the checksums of the checkpoints and every frame of the log.</summary>
    /// <param name="path">A directory of <see cref="CheckpointOptions.Directory"/>, or a copy of one.</param>
    /// <exception cref="DirectoryNotFoundException">There is no such directory.</exception>
    /// <exception cref="InvalidDataException">The directory contains neither checkpoints nor logs.</exception>
    /// <exception cref="InvalidOperationException">A context uses it.</exception>
    /// <exception cref="IOException">A file cannot be opened; this is no sign of damage.</exception>
    public static CheckpointDirectory Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        path = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(path));
        if (!Directory.Exists(path))
        {
            throw new DirectoryNotFoundException($"{path} is no directory; the directory of a program's checkpoints is expected.");
        }

        using IDisposable? held = JobDirectory.TakeToRead(path);
        var store = new CheckpointStore(path);
        if (store.Numbers.Count == 0 && !BatchLog.Segments(path).Any())
        {
            throw new InvalidDataException(
                $"{path} has neither checkpoints nor logs of batches; the directory of a program's checkpoints is expected.");
        }

        var damage = new List<CheckpointDamage>();
        CheckpointManifest[] manifests = [.. store.Numbers.Select(number => Manifest(store, path, number, damage))
            .OfType<CheckpointManifest>()];
        foreach (string aside in Directory.EnumerateDirectories(path, "damaged-*").Order(StringComparer.Ordinal))
        {
            damage.Add(new CheckpointDamage(aside, "This checkpoint was quarantined by an earlier run, because it "
                + "could not be read. No run needs it; remove it when nobody wants to look into it."));
        }

        return new CheckpointDirectory(path, [.. manifests.Select(SavedCheckpoint.Of)], ReadLog(path, manifests, damage), damage);
    }

    private static CheckpointManifest? Manifest(CheckpointStore store, string path, int number, List<CheckpointDamage> damage)
    {
        try
        {
            store.Verify(number, CancellationToken.None);
        }
        catch (InvalidDataException error)
        {
            damage.Add(new CheckpointDamage(System.IO.Path.Combine(path, CheckpointStore.NameOf(number)), error.Message));
        }

        try
        {
            return store.ManifestOf(number);
        }
        catch (InvalidDataException)
        {
            return null;   // already reported above
        }
    }

    private static List<LoggedBatch> ReadLog(string path, CheckpointManifest[] manifests, List<CheckpointDamage> damage)
    {
        CheckpointManifest? newest = manifests.FirstOrDefault();
        CheckpointManifest? oldest = manifests.LastOrDefault();
        int from = oldest?.LogSegment ?? BatchLog.Segments(path).DefaultIfEmpty(1).Min();
        var reader = new BatchLogReader(path, from, newest?.LogEnd ?? default);
        var frames = new List<byte[]>();
        try
        {
            foreach (byte[] frame in reader.Frames())
            {
                frames.Add(frame);
            }
        }
        catch (InvalidDataException error)
        {
            damage.Add(new CheckpointDamage(BatchLog.PathOf(path, Math.Max(from, reader.Segment)), error.Message));
        }

        try
        {
            return [.. BatchRecord.Collect(frames, oldest?.Time ?? new BatchTime(long.MinValue)).Select(LoggedBatch.Of)];
        }
        catch (InvalidDataException error)
        {
            damage.Add(new CheckpointDamage(BatchLog.PathOf(path, from), error.Message));
            return [];
        }
    }
}

/// <summary>One checkpoint of a directory.</summary>
/// <param name="Number">Its number; a larger one is newer.</param>
/// <param name="Time">The last batch that its states include.</param>
/// <param name="ZeroTime">Zero time of the program's first start.</param>
/// <param name="BatchInterval">Time between the program's batches.</param>
/// <param name="SizeBytes">Bytes of its data.</param>
/// <param name="Parts">Its states and inputs, by partition.</param>
public sealed record SavedCheckpoint(int Number, BatchTime Time, BatchTime ZeroTime, TimeSpan BatchInterval,
    long SizeBytes, IReadOnlyList<SavedPart> Parts)
{
    internal static SavedCheckpoint Of(CheckpointManifest manifest) => new(
        manifest.Number,
        manifest.Time,
        manifest.ZeroTime,
        manifest.BatchInterval,
        manifest.DataLength,
        [.. manifest.Parts.Select(part => new SavedPart(part.Kind, part.Name, part.Schema, part.Length))]);
}

/// <summary>A partition of a state or window, or an input's position, in a checkpoint.</summary>
/// <param name="Kind"><c>state</c>, <c>input</c> or <c>sink</c>.</param>
/// <param name="Name">The stream's name.</param>
/// <param name="Schema">Describes its format, with the types of keys and values.</param>
/// <param name="SizeBytes">Its bytes.</param>
public sealed record SavedPart(string Kind, string Name, string Schema, long SizeBytes);

/// <summary>How far a logged batch came.</summary>
public enum LoggedOutcome
{
    /// <summary>The log does not say that it is done: a start runs it again, with its outputs.</summary>
    Open,

    /// <summary>Done: a start replays it only to rebuild states.</summary>
    Done,

    /// <summary>Failed for good, and given up by policy: no state includes it.</summary>
    GivenUp,

    /// <summary>Failed for good; it runs, or has run, without its own data, for the data of earlier batches.</summary>
    WithoutData,
}

/// <summary>A batch in the log.</summary>
/// <param name="Time">Its time.</param>
/// <param name="Outcome">How far it came.</param>
/// <param name="InputBytes">
/// By input name, the number of bytes logged for the input: its data, or positions where the data are elsewhere.
/// </param>
public sealed record LoggedBatch(BatchTime Time, LoggedOutcome Outcome, IReadOnlyDictionary<string, int> InputBytes)
{
    internal static LoggedBatch Of(RecoveredBatch batch) => new(
        batch.Time,
        batch.Outcome switch
        {
            FastStream.Outcome.Pending => LoggedOutcome.Open,
            FastStream.Outcome.Committed => LoggedOutcome.Done,
            FastStream.Outcome.Aborted => LoggedOutcome.GivenUp,
            _ => LoggedOutcome.WithoutData,
        },
        batch.Inputs.ToDictionary(input => input.Key, input => input.Value.Length, StringComparer.Ordinal));
}

/// <summary>Something in a checkpoint directory that differs from what was written.</summary>
/// <param name="File">The file or the checkpoint's folder.</param>
/// <param name="Message">What was found (in a log, with the byte offset) and what to do.</param>
public sealed record CheckpointDamage(string File, string Message);
