namespace FastStream;

/// <summary>Looks at older checkpoints, one after each save and in the background, so that one that cannot serve any more is known before it is needed.</summary>
/// <remarks>The newest one was read when it was written. An older one is read to the end, and the log files that a start from it needs are counted and measured, not read.</remarks>
internal sealed class CheckpointScrubber(CheckpointStore store, string directory, Action<string> warn) : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly HashSet<int> _damaged = [];   // told already; of the task that runs
    private Task _look = Task.CompletedTask;
    private int _last = -1;                        // number that was looked at last

    /// <summary>Begins to look at the next one, in turn; nothing where the look before is not done yet. By one thread.</summary>
    /// <param name="newest">The newest checkpoint.</param>
    public void LookAtNext(CheckpointManifest newest)
    {
        if (!_look.IsCompleted)
        {
            return;
        }

        int[] older = [.. store.Numbers.Where(number => number < newest.Number).Order()];
        if (older.Length == 0)
        {
            return;
        }

        int next = older.FirstOrDefault(number => number > _last, older[0]);
        _last = next;
        _look = Task.Run(() => LookAt(next, newest));
    }

    /// <summary>Ends a look that is under way.</summary>
    public void Dispose()
    {
        _stop.Cancel();
        _look.Wait();
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
                warn($"Checkpoint {number} is kept for when newer ones are damaged, and cannot serve: {error.Message} Batches go on, and newer checkpoints are not touched by it; look after the disk.");
            }
        }
    }
}
