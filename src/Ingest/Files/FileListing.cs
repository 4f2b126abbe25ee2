using System.IO.Enumeration;

namespace FastStream;

/// <summary>Lists the candidate files of a directory, or of all directories that a pattern matches: direct entries only, no hidden or temporary names.</summary>
/// <param name="pattern">A directory; its segments may have <c>*</c> and <c>?</c>.</param>
/// <param name="filter">The user's own filter; null takes all.</param>
internal sealed class FileListing(string pattern, Func<string, bool>? filter)
{
    private static readonly EnumerationOptions AllEntries = new() { AttributesToSkip = FileAttributes.None, IgnoreInaccessible = false };

    /// <summary>Whether the path names one directory, which then ought to be there.</summary>
    public bool IsOneDirectory { get; } = !pattern.AsSpan().ContainsAny('*', '?');

    /// <summary>The directory or pattern.</summary>
    public string Pattern => pattern;

    /// <summary>Paths of the candidates, as they come; looks at the names only.</summary>
    /// <exception cref="IOException">A directory cannot be listed; <see cref="DirectoryNotFoundException"/> if the one directory is not there.</exception>
    public IEnumerable<string> Paths() => Directories().SelectMany(Files);

    private IEnumerable<string> Files(string directory) => new FileSystemEnumerable<string>(
        directory,
        (ref FileSystemEntry entry) => Path.Join(directory, entry.FileName),
        AllEntries)
    {
        ShouldIncludePredicate = (ref FileSystemEntry entry) => !entry.IsDirectory && !IsHidden(entry.FileName) && (filter is null || filter(Path.Join(directory, entry.FileName))),
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
        foreach (string segment in pattern[root.Length..].Split([Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar], StringSplitOptions.RemoveEmptyEntries))
        {
            // A local: the query runs later.
            IEnumerable<string> parents = directories;
            directories = segment.AsSpan().ContainsAny('*', '?')
                ? parents.SelectMany(parent => Matching(parent, segment))
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
            entry.IsDirectory && FileSystemName.MatchesSimpleExpression(segment, entry.FileName, ignoreCase: false) && (!entry.FileName.StartsWith('.') || segment.StartsWith('.')),
        ShouldRecursePredicate = (ref FileSystemEntry _) => false,
    };
}
