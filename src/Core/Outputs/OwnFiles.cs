using System.Globalization;

namespace FastStream;

/// <summary>
/// Directories that the program itself writes: its checkpoints, and what its outputs make for each batch. Inputs do not
/// take them for data. Filled while describing; then safe from any thread.
/// </summary>
/// <param name="options">The context's options.</param>
internal sealed class OwnFiles(StreamingOptions options)
{
    private readonly List<(string Parent, string Prefix, string Suffix, string Name)> _outputs = [];
    private readonly string? _checkpoints = options.Checkpoint is { } checkpoint ? RealPath(checkpoint.Directory) : null;

    /// <summary>An output makes a directory for each batch.</summary>
    /// <param name="prefix">What their paths begin with, before the batch's time.</param>
    /// <param name="suffix">What they end with, behind it.</param>
    /// <param name="name">The output, for messages.</param>
    public void Add(string prefix, string suffix, string name)
    {
        string full = Path.GetFullPath(prefix + "0");   // a name that ends with a slash is one of its own before the time
        _outputs.Add((RealPath(Path.GetDirectoryName(full) ?? full), Path.GetFileName(full)[..^1], suffix, name));
    }

    /// <summary>What of the program writes into a directory, or into one above it; null where nothing does.</summary>
    public string? WriterOf(string directory)
    {
        if (_checkpoints is null && _outputs.Count == 0)
        {
            return null;
        }

        for (string? path = RealPath(directory); path is not null; path = Path.GetDirectoryName(path))
        {
            if (path == _checkpoints)
            {
                return "the checkpoints of this program";
            }

            string? parent = Path.GetDirectoryName(path);
            string name = Path.GetFileName(path);
            foreach ((string outputParent, string prefix, string suffix, string output) in _outputs)
            {
                if (parent == outputParent && IsOfABatch(name, prefix, suffix))
                {
                    return $"the results of {output}";
                }
            }
        }

        return null;
    }

    // Where a name is the time alone it is one of the grid: other directories have numbers for names too.
    private bool IsOfABatch(string name, string prefix, string suffix) =>
        name.Length > prefix.Length + suffix.Length
        && name.StartsWith(prefix, StringComparison.Ordinal)
        && name.EndsWith(suffix, StringComparison.Ordinal)
        && long.TryParse(name.AsSpan()[prefix.Length..^suffix.Length], NumberStyles.AllowLeadingSign,
            CultureInfo.InvariantCulture, out long time)
        && (prefix.Length > 0 || TimeSpan.FromMilliseconds(time).Ticks % options.BatchInterval.Ticks == 0);

    // The path with its links followed, as far as it is there.
    private static string RealPath(string path)
    {
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        string real = Path.GetPathRoot(full) ?? "";
        foreach (string segment in full[real.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries))
        {
            real = Path.Join(real, segment);
            try
            {
                real = Directory.ResolveLinkTarget(real, returnFinalTarget: true) is { } target
                    ? Path.TrimEndingDirectorySeparator(target.FullName) : real;
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                // It is not there, or nobody may look: the name stands for itself.
            }
        }

        return real;
    }
}
