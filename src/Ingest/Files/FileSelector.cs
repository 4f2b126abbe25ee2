using System.Runtime.InteropServices;

namespace FastStream;

/// <summary>
/// Decides which listed files a batch takes, and remembers which were taken. Not thread safe: it belongs to the batch
/// clock.
/// </summary>
/// <remarks>
/// By modification time, a file that is not known is taken if threshold &lt; time ≤ now, where now is what the wall
/// clock, by which files get their times, reads at the batch, and the threshold is the remembered time before. What a
/// listing passes over as too old, or finds when the source is made, is known too: so a file that is not known came
/// since the last whole listing, and both bounds reach to what the clock read then, whichever way it was set meanwhile.
/// Where what was there when the source was made could not be listed, the source's creation is a bound as well. Files
/// are told apart by what they are, not by name: a renamed file is not read again, another one under the same name is.
/// A restart looks from where the last whole listing before looked.
/// </remarks>
/// <param name="options">The source's options.</param>
/// <param name="batchInterval">The batch interval.</param>
/// <param name="createdMs">When the source was made, in milliseconds since the epoch.</param>
/// <param name="warn">Gets a message for listeners.</param>
internal sealed class FileSelector(FileSourceOptions options, TimeSpan batchInterval, long createdMs, Action<string> warn)
{
    private const long TimeStepMs = 2000;                  // file systems keep times in steps of up to two seconds
    private const long AnotherClockMs = 24 * 3600 * 1000;  // a file that is so far ahead got its time from another clock

    private readonly Dictionary<FileIdentity, KnownFile> _known = [];
    private readonly SkippedFiles _skipped = new(options, batchInterval, warn);
    private long _createdMs = createdMs;              // of the first run; long.MinValue when old files are known
    private BatchTime? _listed;                       // when the last whole listing of this run began
    private long _listedMs = long.MaxValue;           // what the wall clock read then; after a restart, what files are looked for from
    private long? _restartMs;                         // where a restart begins to look; null before the first whole listing

    /// <summary>The remembered time: a whole number of batches.</summary>
    public TimeSpan Window { get; } = batchInterval * Math.Ceiling(options.RememberDuration / batchInterval);

    /// <summary>Number of files that are remembered.</summary>
    public int KnownCount => _known.Count;

    /// <summary>How far the wall clock is ahead of batch times, in milliseconds: 0 while nobody sets it.</summary>
    public long StepMs { get; set; }

    /// <summary>What the wall clock reads at the cut: ahead of a batch's time where batches are caught up.</summary>
    public long ReadMs { get; set; }

    /// <summary>Remembers what is there when the source starts, where only what comes later counts.</summary>
    public void Skip(in FileStatus file) => _known[file.Identity] = new KnownFile(file, default, default, IsTaken: true);

    /// <summary>Remembers what is there when the source is made, unless its time comes yet.</summary>
    public void PassOver(in FileStatus file)
    {
        if (file.ModifiedMs <= _createdMs || file.ModifiedMs > _createdMs + AnotherClockMs)
        {
            _known[file.Identity] =
                new KnownFile(file, default, BatchTime.From(DateTimeOffset.FromUnixTimeMilliseconds(_createdMs)),
                    IsTaken: false, IsPassed: true);
        }
    }

    /// <summary>All that was there when the source was made is known: what is not came later, whatever its time.</summary>
    public void KnowOldFiles() => _createdMs = long.MinValue;

    /// <summary>Remembers a file that a batch of an earlier run took.</summary>
    public void Take(in FileStatus file, BatchTime time) => _known[file.Identity] = new KnownFile(file, time, time, IsTaken: true);

    /// <summary>What a restart must know.</summary>
    /// <param name="time">The batch that was cut last.</param>
    public SelectorPosition Save(BatchTime time) => new(options.Detection, _createdMs, _restartMs ?? WallMs(time - Window), _known.Values);

    /// <summary>Goes on from what was saved.</summary>
    public void Load(SelectorPosition saved)
    {
        _createdMs = saved.CreatedMs;
        _listed = null;
        _listedMs = saved.LookFromMs;
        _restartMs = saved.LookFromMs;
        _known.Clear();
        foreach (KnownFile known in saved.Known)
        {
            _known[known.Status.Identity] = known;
        }
    }

    /// <summary>Whether the batch takes a listed file; if so, it is remembered as taken.</summary>
    public bool Select(in FileStatus file, BatchTime time)
    {
        // A file without bytes is one that somebody is about to write.
        if (file.Size == 0)
        {
            return false;
        }

        ref KnownFile known = ref CollectionsMarshal.GetValueRefOrAddDefault(_known, file.Identity, out bool isKnown);
        isKnown = isKnown && file.IsSameFileAs(known.Status);
        if (isKnown && (known.IsTaken || (known.IsPassed && file.IsUnchangedSince(known.Status))))
        {
            known = known with { SeenAt = time };
            if (known.IsTaken)
            {
                Compare(file, ref known);
            }

            return false;
        }

        bool isAwaited = isKnown && !known.IsPassed;
        if (options.Detection == FileDetection.ModificationTime && !IsInTime(file, time, isAwaited, out bool isEarly))
        {
            if (!isEarly)
            {
                known = new KnownFile(file, StableSince: time, SeenAt: time, IsTaken: false, IsPassed: true);
            }
            else if (isAwaited)
            {
                known = known with { SeenAt = time };
            }
            else
            {
                _known.Remove(file.Identity);
            }

            return false;
        }

        if (!isAwaited || !file.IsUnchangedSince(known.Status))
        {
            known = new KnownFile(file, StableSince: time, SeenAt: time, IsTaken: false);
        }

        bool take = time - known.StableSince >= options.StableFor;
        known = known with { SeenAt = time, IsTaken = take };
        return take;
    }

    /// <summary>
    /// Takes a selection back: the file is not as it was listed, or cannot be opened. The next listing that has it,
    /// whatever its name, takes it again.
    /// </summary>
    /// <returns>Whether that is so for the first time.</returns>
    public bool Unselect(in FileStatus file, BatchTime time)
    {
        bool isKnown = _known.TryGetValue(file.Identity, out KnownFile known);
        if (isKnown && !file.IsSameFileAs(known.Status))
        {
            // Another file has got the inode and is known for itself.
            return true;
        }

        _known[file.Identity] = new KnownFile(file, StableSince: default, SeenAt: time, IsTaken: false, IsUnselected: true);
        return !known.IsUnselected;
    }

    /// <summary>
    /// Forgets what cannot come up again: by modification time what no listing of the remembered time had, by arrival
    /// what the last whole one did not have.
    /// </summary>
    /// <param name="time">The batch at which the listing ended.</param>
    /// <param name="listingBegan">The batch at which it began.</param>
    /// <param name="unlisted">Directories that could not be listed: what was in them stays known.</param>
    /// <param name="beganMs">What the wall clock read when it began; null for the batch's time.</param>
    public void Forget(BatchTime time, BatchTime listingBegan, IReadOnlyCollection<string> unlisted, long? beganMs = null)
    {
        if (unlisted.Count == 0 || _listed is null)
        {
            // Else what came into those directories is looked for from the last listing on that had them.
            _listed = listingBegan;
            _listedMs = beganMs ?? listingBegan.Milliseconds;
            _restartMs = Math.Min(WallMs(time - Window), _listedMs);
        }

        if (unlisted.Count == 0)
        {
            KnowOldFiles();
        }

        BatchTime before = options.Detection == FileDetection.Arrival || listingBegan < time - Window ? listingBegan : time - Window;
        foreach ((FileIdentity identity, KnownFile known) in _known)
        {
            if (known.SeenAt < before && !unlisted.Any(directory => IsIn(directory, known.Status.Path)))
            {
                // A dictionary allows to remove while it is walked.
                _known.Remove(identity);
            }
        }

        _skipped.Warn();
    }

    private long WallMs(BatchTime time) => time.Milliseconds + StepMs;

    private void Compare(in FileStatus file, ref KnownFile known)
    {
        if (!file.IsUnchangedSince(known.Status) && file.Path == known.Status.Path)
        {
            warn($"{file.Path} changed after it was taken ({known.Status.Size} bytes then, {file.Size} now); the "
                + "change is not read. Move files in whole, or set FileSourceOptions.StableFor to more than the writer's longest pause.");
            known = known with { Status = file };
        }
    }

    // What is new may have got its time before the clock was set back.
    private long LatestMs(long nowMs, BatchTime time)
    {
        if (_listed is { } listed)
        {
            return Math.Max(nowMs, _listedMs + (long)(time - listed).TotalMilliseconds);
        }

        // How long the last run went on behind its last listing is not known.
        long windowMs = (long)Window.TotalMilliseconds;
        return _restartMs is { } lookFromMs && nowMs < lookFromMs + windowMs ? lookFromMs + (2 * windowMs) : nowMs;
    }

    // Spark's rule, by the wall clock. A file that was seen inside of the window and not taken yet does not grow too old while it waits.
    private bool IsInTime(in FileStatus file, BatchTime time, bool isAwaited, out bool isEarly)
    {
        long nowMs = WallMs(time);
        long aheadMs = file.ModifiedMs - LatestMs(nowMs, time);
        isEarly = aheadMs > 0;
        if (isEarly)
        {
            // A file that is there is not of the future, but of a batch to come.
            bool isOfABatch = file.ModifiedMs <= ReadMs;
            isEarly = isOfABatch || aheadMs <= AnotherClockMs;
            if (!isOfABatch)
            {
                _skipped.AddEarly(file, aheadMs, isTaken: !isEarly);
            }

            return !isEarly;
        }

        long earliest = Math.Min(nowMs - (long)Window.TotalMilliseconds, _listedMs - TimeStepMs);
        if (isAwaited || file.ModifiedMs > Math.Max(earliest, options.NewFilesOnly ? _createdMs : long.MinValue))
        {
            return true;
        }

        if (_createdMs == long.MinValue || !options.NewFilesOnly)
        {
            _skipped.AddOld(file);
        }

        return false;
    }

    private static bool IsIn(string directory, string path) =>
        path.Length > directory.Length && path.StartsWith(directory, StringComparison.Ordinal)
            && path[directory.Length] == Path.DirectorySeparatorChar;
}

/// <summary>A file that a selector remembers.</summary>
/// <param name="Status">As it was when it was taken, or last changed.</param>
/// <param name="StableSince">The batch at which it was first seen like this.</param>
/// <param name="SeenAt">The batch at which it was last seen.</param>
/// <param name="IsTaken">Whether a batch took it.</param>
/// <param name="IsUnselected">Whether it was taken and could not be read.</param>
/// <param name="IsPassed">Whether it is old: too old for the batch that saw it first, or there before the source was.</param>
internal record struct KnownFile(FileStatus Status, BatchTime StableSince, BatchTime SeenAt, bool IsTaken,
    bool IsUnselected = false, bool IsPassed = false);

/// <summary>What a selector keeps over a restart.</summary>
/// <param name="Detection">How it knows new files.</param>
/// <param name="CreatedMs">When the source was made, in the first run; <see cref="long.MinValue"/> where all files that
/// were there then are known.</param>
/// <param name="LookFromMs">Where a restart begins to look: what is older and not known is too old.</param>
/// <param name="Known">The files that it remembers.</param>
internal sealed record SelectorPosition(FileDetection Detection, long CreatedMs, long LookFromMs, IReadOnlyCollection<KnownFile> Known);
