namespace FastStream;

/// <summary>
/// Looks at older checkpoints, one after each save and in the background, so that one that cannot serve any more is known before it is
/// needed.
/// </summary>
/// <remarks>The newest one was read when it was written. An older one is read to the end, and the log files that a start from it needs
/// are counted and measured, not read.</remarks>
internal sealed class CheckpointScrubber(CheckpointStore store, string directory, Action<string> warn) : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly HashSet<int> _damaged = [];         // told already; of the task that runs
    private readonly Dictionary<int, int> _looks = [];   // by number, which checkpoint was the newest when it was looked at

    /// <summary>The look that is under way, or the last one; never faults.</summary>
    public Task Look { get; private set; } = Task.CompletedTask;

    /// <summary>
    /// Begins to look at the one that nobody has read for longest; nothing where the look before is not done yet. By one thread.
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

        // Each was read when it was written, as the newest.
        int next = older.MinBy(number => _looks.GetValueOrDefault(number, number));
        foreach (int gone in _looks.Keys.Except(older).ToArray())
        {
            _looks.Remove(gone);
        }

        _looks[next] = newest.Number;
        Look = Task.Run(() => LookAt(next, newest));
    }

    /// <summary>Ends a look that is under way.</summary>
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
            // The context stops; nothing is known of the checkpoint.
        }
        catch (Exception error)
        {
            // It may have been removed meanwhile, as every one is in its time, and its logs with it.
            if (store.Numbers.Contains(number) && _damaged.Add(number))
            {
                warn(
                    $"Checkpoint {number} is kept for when newer ones are damaged, and cannot serve: {error.Message} " +
                    "Batches go on, and newer checkpoints are not touched by it; look after the disk.");
            }
        }
    }
}
