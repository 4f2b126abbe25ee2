namespace FastStream;

/// <summary>
/// What a start finds in the directory: the newest whole checkpoint, the damaged newer ones, and how far the log went
/// at least.
/// </summary>
internal sealed class CheckpointSearch : IDisposable
{
    private readonly CheckpointStore _store;
    private readonly List<(int Number, string Damage)> _damages = [];

    /// <summary>Checks the checkpoints, newest first, until one is whole.</summary>
    /// <exception cref="InvalidDataException">There are checkpoints or batches, but no whole checkpoint.</exception>
    public CheckpointSearch(CheckpointStore store, string directory)
    {
        _store = store;
        IReadOnlyList<int> numbers = store.Numbers;
        foreach (int number in numbers)
        {
            try
            {
                Found = store.Load(number);
                break;
            }
            catch (InvalidDataException error)
            {
                _damages.Add((number, $"checkpoint {number}: {error.Message}"));
            }
        }

        if (Found is null && (numbers.Count > 0 || BatchLog.Exists(directory)))
        {
            string damages = string.Join("; ", _damages.Select(each => each.Damage).DefaultIfEmpty("none is there"));
            throw new InvalidDataException(
                $"{directory} has batches of earlier runs, and no checkpoint that is whole ({damages}). "
                + "Bring an undamaged copy back, or move the directory away to begin anew without what is in it.");
        }

        // The manifest may be valid even if the data beside it are damaged.
        LogEnd = numbers.Select(store.LogEndOf).Append(default).MaxBy(end => (end.Segment, end.Length));
    }

    /// <summary>The newest whole checkpoint; null if there is none at all.</summary>
    public CheckpointData? Found { get; private set; }

    /// <summary>How far the log went at least, according to the checkpoints.</summary>
    public LogEnd LogEnd { get; }

    /// <summary>
    /// Quarantines the damaged checkpoints. Called after the log has been read: a refused start leaves everything
    /// unchanged, so that the next one is refused too.
    /// </summary>
    public void PutDamagedAside(Action<string> warn)
    {
        foreach ((int number, string damage) in _damages)
        {
            _store.Quarantine(number);
            warn($"A damaged checkpoint was quarantined, and an older one is used. {damage}");
        }
    }

    public void Dispose()
    {
        Found?.Dispose();
        Found = null;
    }
}
