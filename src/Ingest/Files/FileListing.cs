using System.IO.Enumeration;

namespace FastStream;

/// <summary>
/// Lists the candidate files of a directory, or of all directories that a pattern matches: direct entries only, no
/// hidden or temporary names.
/// </summary>
/// <param name="pattern">A directory; its segments may have <c>*</c> and <c>?</c>.</param>
/// <param name="filter">The user's own filter; null takes all.</param>
/// <param name="warn">Called with a message for listeners, and its cause.</param>
/// <param name="findOwnWriter">
/// Names the part of the program that writes into a directory, or gives null where none does. A pattern skips such
/// directories.
/// </param>
internal sealed class FileListing(
    string pattern, Func<string, bool>? filter, Action<string, Exception?> warn, Func<string, string?>? findOwnWriter = null)
{
    private const int MaxRemembered = 10_000;   // directories whose writers are remembered

    private static readonly EnumerationOptions AllEntries = new() { AttributesToSkip = FileAttributes.None, IgnoreInaccessible = false };

    private readonly List<string> _unlisted = [];
    private readonly Dictionary<string, bool> _isOwn = [];   // by directory: whether the program writes into it
    private bool _hasWarned;                                 // that it skips the program's own directories

    /// <summary>Whether the path names one directory, which must then exist.</summary>
    public bool IsOneDirectory { get; } = !pattern.AsSpan().ContainsAny('*', '?');

    /// <summary>The directory or pattern.</summary>
    public string Pattern => pattern;

    /// <summary>
    /// Directories that match the pattern, or their parents, that the present or last listing could not list.
    /// </summary>
    public IReadOnlyCollection<string> Unlisted => _unlisted;

    /// <summary>Number of directories that the present or last listing has listed.</summary>
    public int ListedDirectories { get; private set; }

    /// <summary>Gives the paths of the candidates, as it finds them; looks only at names.</summary>
    /// <exception cref="IOException">The one directory cannot be listed; <see cref="DirectoryNotFoundException"/> if it
    /// does not exist. Failures in a pattern's directories are reported to listeners instead.</exception>
    public IEnumerable<string> Paths()
    {
        _unlisted.Clear();
        ListedDirectories = 0;
        return IsOneDirectory
            ? Files(pattern)
                : Directories().Where(directory => !IsOwn(directory)).SelectMany(directory => Listed(Counted(directory), Files));
    }

    private bool IsOwn(string directory)
    {
        if (findOwnWriter is null)
        {
            return false;
        }

        if (!_isOwn.TryGetValue(directory, out bool isOwn))
        {
            string? writer = findOwnWriter(directory);
            isOwn = writer is not null;
            if (_isOwn.Count >= MaxRemembered)
            {
                _isOwn.Clear();
            }

            _isOwn.Add(directory, isOwn);
            if (isOwn && !_hasWarned)
            {
                _hasWarned = true;
                warn($"{directory} matches {pattern} and has {writer}: such directories are left out. Watch a "
                    + "pattern that does not match what the program writes. This is said once.", null);
            }
        }

        return isOwn;
    }

    private string Counted(string directory)
    {
        ListedDirectories++;
        return directory;
    }

    // A directory that cannot be listed does not keep the others from being listed.
    private IEnumerable<string> Listed(string directory, Func<string, FileSystemEnumerable<string>> entriesOf)
    {
        IEnumerator<string>? entries = null;
        try
        {
            while (MoveNext())
            {
                yield return entries!.Current;
            }
        }
        finally
        {
            entries?.Dispose();
        }

        bool MoveNext()
        {
            try
            {
                entries ??= entriesOf(directory).GetEnumerator();
                return entries.MoveNext();
            }
            catch (DirectoryNotFoundException)
            {
                // It was removed after it matched: treat it as if it had never existed.
                return false;
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                _unlisted.Add(directory);
                warn($"{directory} cannot be listed and is left out of this batch: {error.Message}", error);
                return false;
            }
        }
    }

    private FileSystemEnumerable<string> Files(string directory) => new FileSystemEnumerable<string>(
        directory,
        (ref FileSystemEntry entry) => Path.Join(directory, entry.FileName),
        AllEntries)
    {
        ShouldIncludePredicate = (ref FileSystemEntry entry) => !entry.IsDirectory && !IsHidden(entry.FileName)
            && (filter is null || filter(Path.Join(directory, entry.FileName))),
        ShouldRecursePredicate = (ref FileSystemEntry _) => false,
    };

    private static bool IsHidden(ReadOnlySpan<char> name) =>
        name.StartsWith('.') || name.StartsWith('_') || name.EndsWith(".tmp", StringComparison.OrdinalIgnoreCase);

    private IEnumerable<string> Directories()
    {
        if (IsOneDirectory)
        {
            return [pattern];
        }

        string root = Path.GetPathRoot(pattern) ?? "";
        IEnumerable<string> directories = [root.Length == 0 ? "." : root];
        foreach (string segment in pattern[root.Length..]
            .Split([Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar], StringSplitOptions.RemoveEmptyEntries))
        {
            // A local copy, because the query runs later.
            IEnumerable<string> parents = directories;
            directories = segment.AsSpan().ContainsAny('*', '?')
                ? parents.SelectMany(parent => Listed(parent, place => Matching(place, segment)))
                : parents.Select(parent => Path.Join(parent, segment)).Where(Directory.Exists);
        }

        return directories.Order(StringComparer.Ordinal);
    }

    private static FileSystemEnumerable<string> Matching(string parent, string segment) => new FileSystemEnumerable<string>(
        parent,
        (ref FileSystemEntry entry) => Path.Join(parent, entry.FileName),
        AllEntries)
    {
        ShouldIncludePredicate = (ref FileSystemEntry entry) =>
            entry.IsDirectory && FileSystemName.MatchesSimpleExpression(segment, entry.FileName, ignoreCase: false)
                && (!entry.FileName.StartsWith('.') || segment.StartsWith('.')),
        ShouldRecursePredicate = (ref FileSystemEntry _) => false,
    };
}
