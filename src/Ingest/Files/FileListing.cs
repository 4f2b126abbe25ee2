using System.IO.Enumeration;

namespace FastStream;

/// <summary>
/// Lists the candidate files of a directory, or of all directories that a pattern matches: direct entries only, no
/// hidden or temporary names.
/// </summary>
/// <param name="pattern">A directory; its segments may have <c>*</c> and <c>?</c>.</param>
/// <param name="filter">The user's own filter; null takes all.</param>
/// <param name="warn">Gets a message for listeners, and its cause.</param>
/// <param name="findOwnWriter">
/// Says what of the program writes into a directory, which a pattern leaves out; null where nobody does.
/// </param>
internal sealed class FileListing(
    string pattern, Func<string, bool>? filter, Action<string, Exception?> warn, Func<string, string?>? findOwnWriter = null)
{
    private const int MaxRemembered = 10_000;   // directories, whose writers are remembered

    private static readonly EnumerationOptions AllEntries = new() { AttributesToSkip = FileAttributes.None, IgnoreInaccessible = false };

    private readonly List<string> _unlisted = [];
    private readonly Dictionary<string, bool> _isOwn = [];   // by directory
    private bool _hasWarned;                                 // that directories of the program's own are left out

    /// <summary>Whether the path names one directory, which then ought to be there.</summary>
    public bool IsOneDirectory { get; } = !pattern.AsSpan().ContainsAny('*', '?');

    /// <summary>The directory or pattern.</summary>
    public string Pattern => pattern;

    /// <summary>Directories that a pattern matches, or its parents, that the listing which goes on or is done could not list.</summary>
    public IReadOnlyCollection<string> Unlisted => _unlisted;

    /// <summary>Directories that the listing which goes on or is done looked into.</summary>
    public int ListedDirectories { get; private set; }

    /// <summary>Paths of the candidates, as they come; looks at the names only.</summary>
    /// <exception cref="IOException">The one directory cannot be listed; <see cref="DirectoryNotFoundException"/> if it
    /// is not there. Of a pattern's directories listeners are told.</exception>
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

    // One directory of several that cannot be listed does not keep the others from being listed.
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
                // It went after it was matched: as if it had never been there.
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
            // A local: the query runs later.
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
