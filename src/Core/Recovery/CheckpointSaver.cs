namespace FastStream;

/// <summary>
/// Makes checkpoints, one at a time: begins one, ends it when its states are on disk, and then removes the files that
/// no kept checkpoint needs.
/// </summary>
/// <remarks>Used by the scheduler, between batches; the generator asks whether a checkpoint is due.</remarks>
/// <param name="store">The store of checkpoints.</param>
/// <param name="options">Interval, and number of checkpoints to keep.</param>
/// <param name="clock">Measures the interval.</param>
/// <param name="warn">Receives warnings of slow and failed steps.</param>
/// <param name="log">The log of batches; its files are deleted with the checkpoints that need them.</param>
/// <param name="journals">The journals of receivers; their files are deleted likewise.</param>
/// <param name="stores">Stores of states; null if all states are in memory.</param>
/// <param name="last">An earlier run's newest checkpoint; null if there is none.</param>
internal sealed class CheckpointSaver(
    CheckpointStore store,
    CheckpointOptions options,
    TimeProvider clock,
    Action<string> warn,
    BatchLog log,
    ReceiverJournals journals,
    StateStores? stores,
    CheckpointManifest? last) : IDisposable
{
    private readonly CheckpointScrubber _scrubber = new(store, options.Directory, warn);
    private volatile CheckpointInMaking? _making;   // begun and not ended
    private long _makingSince;                      // timestamp of its beginning
    private long _savedAt = clock.GetTimestamp();   // of the last checkpoint or attempt
    private TimeSpan _slow;                         // time after which a warning is due

    /// <summary>The newest checkpoint; null before the first one.</summary>
    public CheckpointManifest? Last { get; private set; } = last;

    /// <summary>Whether a checkpoint has begun and not ended.</summary>
    public bool IsMaking => _making is not null;

    /// <summary>Whether the interval since the last checkpoint is over.</summary>
    public bool IsDue => clock.GetElapsedTime(_savedAt) >= options.Interval;

    /// <summary>Writes the states in memory, and starts the snapshots of the stores.</summary>
    /// <param name="manifest">The manifest without number, end of the log and parts.</param>
    /// <param name="states">The states, each with its name.</param>
    /// <param name="positions">Positions of the inputs as of the batch, each with its input's name.</param>
    /// <param name="sinks">Positions of the sinks, each with its sink's name.</param>
    public void Begin(CheckpointManifest manifest, IEnumerable<(IStateSnapshot State, string Name)> states,
        IEnumerable<(string Name, byte[] Position)> positions, IEnumerable<(string Name, byte[] Position)> sinks)
    {
        if (Last is not null)
        {
            // Before the checkpoint is complete, so that its manifest names the new file: if nothing named the last
            // file of a log, its loss would go unnoticed.
            log.Roll();
            FailPoint.Pass("rolled");
        }

        _making = new CheckpointInMaking(
            store, manifest with { Number = (Last?.Number ?? 0) + 1, LogEnd = log.End }, states, positions, sinks);
        _makingSince = clock.GetTimestamp();
        _slow = stores?.SlowSnapshot ?? Timeout.InfiniteTimeSpan;
        FailPoint.Pass("save begun");
    }

    /// <summary>Ends the checkpoint in progress, if its states are on disk.</summary>
    public void EndIfReady()
    {
        if (_making is null)
        {
            return;
        }

        if (_making.IsReady)
        {
            End();
        }
        else if (_slow > TimeSpan.Zero && clock.GetElapsedTime(_makingSince) > _slow)
        {
            warn(
                $"The states of batch {_making.Time} have been on their way to the disk for "
                    + $"{clock.GetElapsedTime(_makingSince)}. Batches go on; "
                + $"the last checkpoint is that of {Last!.Time}. StateOptions.SlowSnapshotWarning sets when this is said.");
            _slow *= 2;
        }
    }

    /// <summary>Ends the checkpoint in progress; waits for its states if they are not on disk yet.</summary>
    /// <exception cref="IOException">The write failed.</exception>
    public void End()
    {
        if (_making is not { } making)
        {
            return;
        }

        try
        {
            Last = making.Finish();
        }
        finally
        {
            making.Dispose();
            _making = null;
        }

        FailPoint.Pass("saved");
        _savedAt = clock.GetTimestamp();
        Retire();
        FailPoint.Pass("retired");
        _scrubber.LookAtNext(Last);
    }

    /// <summary>Called when a checkpoint was not made; the next attempt follows after the interval.</summary>
    public void PutOff() => _savedAt = clock.GetTimestamp();

    /// <summary>Ends the checkpoint in progress: its pending writes have to be awaited in any case.</summary>
    public void Dispose()
    {
        try
        {
            End();
        }
        catch (Exception error)
            when (error is IOException or UnauthorizedAccessException or InvalidDataException or OperationCanceledException)
        {
            warn($"The last checkpoint was not made; the one before stands. {error.Message}");
        }

        _scrubber.Dispose();
    }

    // Removes only what no kept checkpoint needs.
    private void Retire()
    {
        IReadOnlyList<int> numbers = store.Numbers;
        foreach (int old in numbers.Skip(options.KeptCheckpoints))
        {
            store.Remove(old);
        }

        FailPoint.Pass("checkpoints removed");
        int[] kept = [.. numbers.Take(options.KeptCheckpoints)];
        log.RemoveBefore(kept.Min(store.LogSegmentOf));
        journals.Retire(store, kept[^1]);
        RetireStores(kept);
    }

    // If a manifest cannot be read, it is unknown what an undamaged copy of it would need: nothing is removed.
    private void RetireStores(int[] kept)
    {
        CheckpointManifest?[] manifests = stores is null ? [] : [.. kept.Select(store.TryManifestOf)];
        if (manifests.Length > 0 && !manifests.Contains(null))
        {
            IEnumerable<StoredSnapshot> needed = manifests.SelectMany(manifest => manifest!.Parts)
                .Select(part => part.Store).OfType<StoredSnapshot>();
            stores!.Retire([.. needed.Select(snapshot => (snapshot.Id, snapshot.Snapshot))]);
        }
    }
}
