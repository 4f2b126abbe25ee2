using System.Runtime.InteropServices;

namespace FastStream;

/// <summary>
/// Decides which listed files a batch takes, and remembers which were taken. Not thread safe: it belongs to the batch
/// clock.
/// </summary>
/// <remarks>
/// By modification time, a file that is not known is taken if threshold &lt; time ≤ now. Here now is what the wall
/// clock, from which files get their times, reads at the batch, and the threshold is earlier by the remembered time.
/// Files that a listing passes over as too old, or finds when the source is made, are known too. So an unknown file
/// came since the last complete listing, and both bounds extend to what the clock read at that listing, whichever way
/// the clock was set meanwhile. Where the files that existed when the source was made could not be listed, the source's
/// creation is a bound as well. Files are identified by device and inode, not by name: a renamed file is not read
/// again, and another file under the same name is read. A restart looks back to where the last complete listing before
/// it looked.
/// </remarks>
/// <param name="options">The source's options.</param>
/// <param name="batchInterval">The batch interval.</param>
/// <param name="createdMs">When the source was made, in milliseconds since the epoch.</param>
/// <param name="warn">Called with a message for listeners.</param>
internal sealed class FileSelector(FileSourceOptions options, TimeSpan batchInterval, long createdMs, Action<string> warn)
{
    private const long TimeStepMs = 2000;                  // file systems store times in steps of up to two seconds
    private const long AnotherClockMs = 24 * 3600 * 1000;  // a file this far ahead got its time from another clock

    private readonly Dictionary<FileIdentity, KnownFile> _known = [];
    private readonly SkippedFiles _skipped = new(options, batchInterval, warn);
    private long _createdMs = createdMs;              // in the first run; long.MinValue when all old files are known
    private BatchTime? _listed;                       // when the last complete listing of this run began
    private long _listedMs = long.MaxValue;           // the wall clock then; after a restart, where the search begins
    private long? _restartMs;                         // where a restart begins to look; null before the first complete listing

    /// <summary>The remembered time: a whole number of batches.</summary>
    public TimeSpan Window { get; } = batchInterval * Math.Ceiling(options.RememberDuration / batchInterval);

    /// <summary>Number of files that are remembered.</summary>
    public int KnownCount => _known.Count;

    /// <summary>
    /// How far the wall clock is ahead of batch times, in milliseconds: 0 unless somebody sets the clock.
    /// </summary>
    public long StepMs { get; set; }

    /// <summary>What the wall clock reads at the cut: ahead of the batch's time while batches catch up.</summary>
    public long ReadMs { get; set; }

    /// <summary>Remembers a file that exists when the source starts, where only later files count.</summary>
    public void Skip(in FileStatus file) => _known[file.Identity] = new KnownFile(file, default, default, IsTaken: true);

    /// <summary>Remembers a file that exists when the source is made, unless its time is still to come.</summary>
    public void PassOver(in FileStatus file)
    {
        if (file.ModifiedMs <= _createdMs || file.ModifiedMs > _createdMs + AnotherClockMs)
        {
            _known[file.Identity] =
                new KnownFile(file, default, BatchTime.From(DateTimeOffset.FromUnixTimeMilliseconds(_createdMs)),
                    IsTaken: false, IsPassed: true);
        }
    }

    /// <summary>
    /// States that all files that existed when the source was made are known: an unknown one came later, whatever its
    /// time.
    /// </summary>
    public void KnowOldFiles() => _createdMs = long.MinValue;

    /// <summary>Remembers a file that a batch of an earlier run took.</summary>
    public void Take(in FileStatus file, BatchTime time) => _known[file.Identity] = new KnownFile(file, time, time, IsTaken: true);

    /// <summary>Returns what a restart must know.</summary>
    /// <param name="time">The last batch that was cut.</param>
    public SelectorPosition Save(BatchTime time) => new(options.Detection, _createdMs, _restartMs ?? WallMs(time - Window), _known.Values);

    /// <summary>Continues from a saved position.</summary>
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

    /// <summary>Decides whether the batch takes a listed file; if so, remembers it as taken.</summary>
    public bool Select(in FileStatus file, BatchTime time)
    {
        // An empty file is one that somebody is about to write.
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
    /// Undoes a selection, because the file is not as it was listed or cannot be opened. The next listing that has it
    /// takes it again, whatever its name.
    /// </summary>
    /// <returns>Whether this happened to the file for the first time.</returns>
    public bool Unselect(in FileStatus file, BatchTime time)
    {
        bool isKnown = _known.TryGetValue(file.Identity, out KnownFile known);
        if (isKnown && !file.IsSameFileAs(known.Status))
        {
            // Another file now has the inode, and is known separately.
            return true;
        }

        _known[file.Identity] = new KnownFile(file, StableSince: default, SeenAt: time, IsTaken: false, IsUnselected: true);
        return !known.IsUnselected;
    }

    /// <summary>
    /// Forgets files that cannot be taken again: by modification time, those that no listing within the remembered time
    /// had; by arrival, those that the last complete listing did not have.
    /// </summary>
    /// <param name="time">The batch at which the listing ended.</param>
    /// <param name="listingBegan">The batch at which it began.</param>
    /// <param name="unlisted">Directories that could not be listed: their files stay known.</param>
    /// <param name="beganMs">What the wall clock read when the listing began; null for the batch's time.</param>
    public void Forget(BatchTime time, BatchTime listingBegan, IReadOnlyCollection<string> unlisted, long? beganMs = null)
    {
        if (unlisted.Count == 0 || _listed is null)
        {
            // Otherwise files in those directories are searched from the time of the last listing that had them.
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
                // A dictionary allows removal during enumeration.
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

    // A new file may have got its time before the clock was set back.
    private long LatestMs(long nowMs, BatchTime time)
    {
        if (_listed is { } listed)
        {
            return Math.Max(nowMs, _listedMs + (long)(time - listed).TotalMilliseconds);
        }

        // It is not known how long the last run continued after its last listing.
        long windowMs = (long)Window.TotalMilliseconds;
        return _restartMs is { } lookFromMs && nowMs < lookFromMs + windowMs ? lookFromMs + (2 * windowMs) : nowMs;
    }

    // Spark's rule, by the wall clock. A file that was seen within the window and not taken yet does not become too old
    // while it waits.
    private bool IsInTime(in FileStatus file, BatchTime time, bool isAwaited, out bool isEarly)
    {
        long nowMs = WallMs(time);
        long aheadMs = file.ModifiedMs - LatestMs(nowMs, time);
        isEarly = aheadMs > 0;
        if (isEarly)
        {
            // A file that exists is not from the future: it belongs to a coming batch.
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
/// <param name="Status">Its status when it was taken, or last changed.</param>
/// <param name="StableSince">The batch at which it was first seen with this status.</param>
/// <param name="SeenAt">The batch at which it was last seen.</param>
/// <param name="IsTaken">Whether a batch took it.</param>
/// <param name="IsUnselected">Whether it was taken and could not be read.</param>
/// <param name="IsPassed">Whether it is old: too old for the batch that saw it first, or older than the source.</param>
internal record struct KnownFile(FileStatus Status, BatchTime StableSince, BatchTime SeenAt, bool IsTaken,
    bool IsUnselected = false, bool IsPassed = false);

/// <summary>What a selector keeps across a restart.</summary>
/// <param name="Detection">How it recognises new files.</param>
/// <param name="CreatedMs">When the source was made, in the first run; <see cref="long.MinValue"/> where all files that
/// existed then are known.</param>
/// <param name="LookFromMs">Where a restart begins to look: an unknown file with an earlier time is too old.</param>
/// <param name="Known">The files that it remembers.</param>
internal sealed record SelectorPosition(FileDetection Detection, long CreatedMs, long LookFromMs, IReadOnlyCollection<KnownFile> Known);
