namespace FastStream;

/// <summary>
/// Checks older checkpoints in the background, one after each save, so that an unusable one is found before it is
/// needed.
/// </summary>
/// <remarks>
/// The newest checkpoint was read when it was written. An older one is read completely; of the log files that a start
/// from it needs, only existence and length are checked.
/// </remarks>
internal sealed class CheckpointScrubber(CheckpointStore store, string directory, Action<string> warn) : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly HashSet<int> _damaged = [];         // already reported; used by the running task only
    private readonly Dictionary<int, int> _looks = [];   // by number: the newest checkpoint at the time of its last check

    /// <summary>The check in progress, or the last one; never faults.</summary>
    public Task Look { get; private set; } = Task.CompletedTask;

    /// <summary>
    /// Begins to check the checkpoint that was last read longest ago; does nothing while a check is in progress. Called
    /// by one thread.
    /// </summary>
    /// <param name="newest">The newest checkpoint.</param>
    public void LookAtNext(CheckpointManifest newest)
    {
        if (!Look.IsCompleted)
        {
            return;
        }

        int[] older = [.. store.Numbers.Where(number => number < newest.Number).Order()];
        if (older.Length == 0)
        {
            return;
        }

        // Each was read when it was written, as the newest at that time.
        int next = older.MinBy(number => _looks.GetValueOrDefault(number, number));
        foreach (int gone in _looks.Keys.Except(older).ToArray())
        {
            _looks.Remove(gone);
        }

        _looks[next] = newest.Number;
        Look = Task.Run(() => LookAt(next, newest));
    }

    /// <summary>Cancels a check in progress.</summary>
    public void Dispose()
    {
        _stop.Cancel();
        Look.Wait();
        _stop.Dispose();
    }

    private void LookAt(int number, CheckpointManifest newest)
    {
        try
        {
            CheckpointManifest manifest = store.Verify(number, _stop.Token);
            new BatchLogReader(directory, manifest.LogSegment, newest.LogEnd).CheckFiles();
        }
        catch (OperationCanceledException)
        {
            // The context stops: the check has no result.
        }
        catch (Exception error)
        {
            // The checkpoint and its logs may have been removed meanwhile, as all are in time.
            if (store.Numbers.Contains(number) && _damaged.Add(number))
            {
                warn(
                    $"Checkpoint {number} is kept for the case that newer ones are damaged, and cannot be used: {error.Message} " +
                    "Batches continue, and newer checkpoints are not affected; check the disk.");
            }
        }
    }
}
