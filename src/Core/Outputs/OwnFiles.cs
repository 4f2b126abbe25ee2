using System.Globalization;

namespace FastStream;

/// <summary>
/// Directories that the program itself writes: its checkpoints, and those that its outputs make for each batch. Inputs
/// do not read them as data. Filled while the program is described; then safe from any thread.
/// </summary>
/// <param name="options">The context's options.</param>
internal sealed class OwnFiles(StreamingOptions options)
{
    private readonly List<(string Parent, string Prefix, string Suffix, string Name)> _outputs = [];
    private readonly string? _checkpoints = options.Checkpoint is { } checkpoint ? RealPath(checkpoint.Directory) : null;

    /// <summary>Adds the directories that an output makes, one for each batch.</summary>
    /// <param name="prefix">The start of their paths, before the batch's time.</param>
    /// <param name="suffix">The end of their paths, after the batch's time.</param>
    /// <param name="name">The output's name, for messages.</param>
    public void Add(string prefix, string suffix, string name)
    {
        string full = Path.GetFullPath(prefix + "0");   // a prefix that ends with a slash is a directory of its own
        _outputs.Add((RealPath(Path.GetDirectoryName(full) ?? full), Path.GetFileName(full)[..^1], suffix, name));
    }

    /// <summary>The part of the program that writes into a directory, or into one above it; null if none does.</summary>
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

    // If a name is the time alone, the time must be on the grid of batch times: other directories have numbers for names too.
    private bool IsOfABatch(string name, string prefix, string suffix) =>
        name.Length > prefix.Length + suffix.Length
        && name.StartsWith(prefix, StringComparison.Ordinal)
        && name.EndsWith(suffix, StringComparison.Ordinal)
        && long.TryParse(name.AsSpan()[prefix.Length..^suffix.Length], NumberStyles.AllowLeadingSign,
            CultureInfo.InvariantCulture, out long time)
        && (prefix.Length > 0 || TimeSpan.FromMilliseconds(time).Ticks % options.BatchInterval.Ticks == 0);

    // The path with its links resolved, as far as it exists.
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
                // It does not exist, or access is denied: the name stands for itself.
            }
        }

        return real;
    }
}
