using System.Globalization;

namespace FastStream;

/// <summary>
/// Files that a listing skips because of their times, or takes in spite of them: warns once for each directory, with
/// their number. Not thread safe: it belongs to the batch clock.
/// </summary>
/// <param name="options">The source's options.</param>
/// <param name="batchInterval">The batch interval.</param>
/// <param name="warn">Called with a message for listeners.</param>
internal sealed class SkippedFiles(FileSourceOptions options, TimeSpan batchInterval, Action<string> warn)
{
    private const int MaxDirectories = 1000;   // that it remembers having warned of

    private readonly HashSet<(string Directory, Kind Kind)> _warned = [];
    // found by the listing in progress
    private readonly Dictionary<(string Directory, Kind Kind), (int Count, string Example, long AheadMs)> _found = [];
    // a smaller lead is not due to clocks, or is over soon
    private readonly double _leastAheadMs = Math.Max(10_000, 2 * batchInterval.TotalMilliseconds);

    private enum Kind
    {
        Old,
        Early,
        TakenEarly,
    }

    /// <summary>Notes a file whose time is too old.</summary>
    public void AddOld(in FileStatus file) => Add(file, Kind.Old, 0);

    /// <summary>Notes a file whose time is ahead of the clock.</summary>
    public void AddEarly(in FileStatus file, long aheadMs, bool isTaken)
    {
        if (aheadMs >= _leastAheadMs)
        {
            Add(file, isTaken ? Kind.TakenEarly : Kind.Early, aheadMs);
        }
    }

    /// <summary>Warns of the files that the listing found.</summary>
    public void Warn()
    {
        foreach (((string directory, Kind kind), (int count, string example, long aheadMs)) in _found)
        {
            if (_warned.Count < MaxDirectories && _warned.Add((directory, kind)))
            {
                string files = count == 1
                    ? $"{example} is"
                        : string.Create(CultureInfo.InvariantCulture, $"{count} files of {directory}, such as {example}, are");
                warn(Message(files, kind, TimeSpan.FromMilliseconds(aheadMs)));
            }
        }

        _found.Clear();
    }

    private string Message(string files, Kind kind, TimeSpan ahead) => kind switch
    {
        Kind.Old => $"{files} too old and will not be read: last modified more than "
            + $"{nameof(FileSourceOptions.RememberDuration)} ({options.RememberDuration}) before the listing. Raise "
            + "it, or set FileSourceOptions.Detection to Arrival, which looks at no times. This is said once for a directory.",
        Kind.Early =>
            $"{files} from the future, by {ahead}, and will not be read before the clock gets there. Set the clocks "
            + "of this machine and of the files' writer, or set FileSourceOptions.Detection to Arrival, which looks "
            + "at no times. This is said once for a directory.",
        _ => $"{files} from the future, by {ahead}: the context's TimeProvider and the clock that gives files their "
            + "times are not the same. Such files are read as they come. This is said once for a directory.",
    };

    private void Add(in FileStatus file, Kind kind, long aheadMs)
    {
        string directory = Path.GetDirectoryName(file.Path) ?? "";
        if (!_warned.Contains((directory, kind)))
        {
            (int count, string? example, long most) = _found.GetValueOrDefault((directory, kind));
            _found[(directory, kind)] = (count + 1, example ?? file.Path, Math.Max(most, aheadMs));
        }
    }
}
