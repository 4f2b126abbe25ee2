namespace FastStream;

/// <summary>
/// Makes checkpoints, one at a time: begins one, ends it when its states are on the disk, and then removes what no kept
/// checkpoint needs.
/// </summary>
/// <remarks>By the scheduler, between batches; the generator asks whether one is due.</remarks>
/// <param name="store">Where checkpoints are.</param>
/// <param name="options">How often, and how many are kept.</param>
/// <param name="clock">Measures the interval.</param>
/// <param name="warn">Is told of what takes long and of what failed.</param>
/// <param name="log">The batches, whose files go with the checkpoints that need them.</param>
/// <param name="journals">What receivers wrote, which goes likewise.</param>
/// <param name="stores">Stores of states; null where all states are in memory.</param>
/// <param name="last">An earlier run's newest checkpoint; null where there is none.</param>
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
    private volatile CheckpointInMaking? _making;   // begun, and not done
    private long _makingSince;                      // timestamp
    private long _savedAt = clock.GetTimestamp();   // of the last checkpoint or attempt
    private TimeSpan _slow;                         // after which a warning is due

    /// <summary>The newest checkpoint; null before the first one.</summary>
    public CheckpointManifest? Last { get; private set; } = last;

    /// <summary>Whether one has begun and is not done.</summary>
    public bool IsMaking => _making is not null;

    /// <summary>Whether the interval since the last one is over.</summary>
    public bool IsDue => clock.GetElapsedTime(_savedAt) >= options.Interval;

    /// <summary>Writes what is in memory, and begins to bring to the disk what is in stores.</summary>
    /// <param name="manifest">What is known of it: all but its number, the end of the log and the parts.</param>
    /// <param name="states">The states, each with its name.</param>
    /// <param name="positions">Of the inputs as of the batch, each with its input's name.</param>
    /// <param name="sinks">Positions of the sinks, each with its sink's name.</param>
    public void Begin(CheckpointManifest manifest, IEnumerable<(IStateSnapshot State, string Name)> states,
        IEnumerable<(string Name, byte[] Position)> positions, IEnumerable<(string Name, byte[] Position)> sinks)
    {
        if (Last is not null)
        {
            // Before the checkpoint counts, which then names it: of a log that ends with a file that nobody knows of,
            // nobody would miss that file.
            log.Roll();
            FailPoint.Pass("rolled");
        }

        _making = new CheckpointInMaking(
            store, manifest with { Number = (Last?.Number ?? 0) + 1, LogEnd = log.End }, states, positions, sinks);
        _makingSince = clock.GetTimestamp();
        _slow = stores?.SlowSnapshot ?? Timeout.InfiniteTimeSpan;
        FailPoint.Pass("save begun");
    }

    /// <summary>Ends the one that has begun, if its states are on the disk.</summary>
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

    /// <summary>Ends the one that has begun. The last step is short: the states are on the disk, or are waited for.</summary>
    /// <exception cref="IOException">The disk did not take it.</exception>
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

    /// <summary>One was not made; the next one is tried after the interval.</summary>
    public void PutOff() => _savedAt = clock.GetTimestamp();

    /// <summary>Ends the one that has begun: what is on its way has to be waited for in any case.</summary>
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

    // Only what no kept checkpoint needs.
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

    // Where a manifest cannot be read nobody knows what an undamaged copy of it would need: nothing goes.
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
