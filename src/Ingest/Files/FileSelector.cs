using System.Runtime.InteropServices;

namespace FastStream;

/// <summary>Decides which listed files a batch takes, and remembers which were taken. Not thread safe: it belongs to the batch clock.</summary>
/// <remarks>
/// By modification time, a file is taken if threshold &lt; time ≤ batch, where the threshold is the later of the source's creation (if only new files count) and
/// the batch less the remembered time. Files are told apart by what they are, not by name: a renamed file is not read again, another one under the same name is.
/// After a stall, or while the directory could not be listed, the window reaches back to the last whole listing. After a restart it begins where it began when the last whole
/// listing before ended: all files since then are known, and none before.
/// </remarks>
/// <param name="options">The source's options.</param>
/// <param name="batchInterval">The batch interval.</param>
/// <param name="createdMs">When the source was made, in milliseconds since the epoch.</param>
/// <param name="warn">Gets a message for listeners.</param>
internal sealed class FileSelector(FileSourceOptions options, TimeSpan batchInterval, long createdMs, Action<string> warn)
{
    private readonly Dictionary<FileIdentity, KnownFile> _known = [];
    private long _createdMs = createdMs;              // of the first run
    private BatchTime _listed = new(long.MaxValue);   // when the last whole listing began
    private BatchTime? _restart;                      // where a restart begins to look; null before the first whole listing
    private long _floorMs;                            // never looked before, in a run that went on from an earlier one

    /// <summary>The remembered time: a whole number of batches.</summary>
    public TimeSpan Window { get; } = batchInterval * Math.Ceiling(options.RememberDuration / batchInterval);

    /// <summary>Number of files that are remembered.</summary>
    public int KnownCount => _known.Count;

    /// <summary>Spark's rule for modification times.</summary>
    public bool IsInWindow(long modifiedMs, BatchTime time)
    {
        long earliest = Math.Max(options.NewFilesOnly ? _createdMs : 0, _floorMs);
        long threshold = Math.Max(earliest, Math.Min((time - Window).Milliseconds, _listed.Milliseconds));
        return threshold < modifiedMs && modifiedMs <= time.Milliseconds;
    }

    /// <summary>Remembers what is there when the source starts, where only what comes later counts.</summary>
    public void Skip(in FileStatus file) => _known[file.Identity] = new KnownFile(file, default, default, IsTaken: true);

    /// <summary>Remembers a file that a batch of an earlier run took.</summary>
    public void Take(in FileStatus file, BatchTime time) => _known[file.Identity] = new KnownFile(file, time, time, IsTaken: true);

    /// <summary>What a restart must know.</summary>
    /// <param name="time">The batch that was cut last.</param>
    public SelectorPosition Save(BatchTime time) => new(options.Detection, _createdMs, (_restart ?? time - Window).Milliseconds, _known.Values);

    /// <summary>Goes on from what was saved.</summary>
    public void Load(SelectorPosition saved)
    {
        _createdMs = saved.CreatedMs;
        _floorMs = saved.LookFromMs;
        _listed = new BatchTime(saved.LookFromMs);
        _restart = _listed;
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
        if (file.Size == 0 || (options.Detection == FileDetection.ModificationTime && !IsInWindow(file.ModifiedMs, time) && !IsAwaited(file, time)))
        {
            return false;
        }

        ref KnownFile known = ref CollectionsMarshal.GetValueRefOrAddDefault(_known, file.Identity, out bool exists);
        if (!exists || !file.IsSameFileAs(known.Status))
        {
            known = new KnownFile(file, StableSince: time, SeenAt: time, IsTaken: false);
        }
        else if (known.IsTaken)
        {
            known = known with { SeenAt = time };
            if (!file.IsUnchangedSince(known.Status) && file.Path == known.Status.Path)
            {
                warn($"{file.Path} changed after it was taken ({known.Status.Size} bytes then, {file.Size} now); the change is not read. Move files in whole, or set FileSourceOptions.StableFor to more than the writer's longest pause.");
                known = known with { Status = file };
            }

            return false;
        }
        else if (!file.IsUnchangedSince(known.Status))
        {
            known = new KnownFile(file, StableSince: time, SeenAt: time, IsTaken: false);
        }

        bool take = time - known.StableSince >= options.StableFor;
        known = known with { SeenAt = time, IsTaken = take };
        return take;
    }

    /// <summary>Takes a selection back: the file is not as it was listed, or cannot be opened. The next listing that has it, whatever its name, takes it again.</summary>
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

    /// <summary>Forgets what cannot come up again: by modification time what was last seen before the window, by arrival what a whole listing did not have.</summary>
    /// <param name="time">The batch at which the listing ended.</param>
    /// <param name="listingBegan">The batch at which it began.</param>
    /// <param name="unlisted">Directories that could not be listed: what was in them stays known.</param>
    public void Forget(BatchTime time, BatchTime listingBegan, IReadOnlyCollection<string> unlisted)
    {
        _listed = listingBegan;
        _restart = new BatchTime(Math.Max(Math.Min((time - Window).Milliseconds, listingBegan.Milliseconds), _floorMs));
        BatchTime before = options.Detection == FileDetection.Arrival || listingBegan < time - Window ? listingBegan : time - Window;
        foreach ((FileIdentity identity, KnownFile known) in _known)
        {
            if (known.SeenAt < before && !unlisted.Any(directory => IsIn(directory, known.Status.Path)))
            {
                // A dictionary allows to remove while it is walked.
                _known.Remove(identity);
            }
        }
    }

    // A file that was seen inside of the window and not taken yet does not grow too old while it waits.
    private bool IsAwaited(in FileStatus file, BatchTime time) =>
        file.ModifiedMs <= time.Milliseconds && _known.TryGetValue(file.Identity, out KnownFile known) && !known.IsTaken && file.IsSameFileAs(known.Status);

    private static bool IsIn(string directory, string path) =>
        path.Length > directory.Length && path.StartsWith(directory, StringComparison.Ordinal) && path[directory.Length] == Path.DirectorySeparatorChar;
}

/// <summary>A file that a selector remembers.</summary>
/// <param name="Status">As it was when it was taken, or last changed.</param>
/// <param name="StableSince">The batch at which it was first seen like this.</param>
/// <param name="SeenAt">The batch at which it was last seen.</param>
/// <param name="IsTaken">Whether a batch took it.</param>
/// <param name="IsUnselected">Whether it was taken and could not be read.</param>
internal record struct KnownFile(FileStatus Status, BatchTime StableSince, BatchTime SeenAt, bool IsTaken, bool IsUnselected = false);

/// <summary>What a selector keeps over a restart.</summary>
/// <param name="Detection">How it knows new files.</param>
/// <param name="CreatedMs">When the source was made, in the first run.</param>
/// <param name="LookFromMs">Modification times up to this one are done with.</param>
/// <param name="Known">The files that it remembers.</param>
internal sealed record SelectorPosition(FileDetection Detection, long CreatedMs, long LookFromMs, IReadOnlyCollection<KnownFile> Known);
