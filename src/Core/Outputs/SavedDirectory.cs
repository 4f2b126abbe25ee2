namespace FastStream;

/// <summary>
/// The directories of batches that <c>SaveAsFiles</c> writes: which names they may have, and how to tell them from others.
/// </summary>
internal static class SavedDirectory
{
    public const string SuccessName = "_SUCCESS";

    private const string PartPrefix = "part-";

    private static readonly StringComparer s_paths = OperatingSystem.IsWindows() || OperatingSystem.IsMacOS()
        ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal;

    /// <summary>
    /// Claims the names of a prefix and suffix for an output: two outputs with the same names would replace each
    /// other's directories.
    /// </summary>
    /// <returns>What identifies these names: the full name at time 0.</returns>
    /// <exception cref="ArgumentException">A name would be outside its directory, or another output has the
    /// names.</exception>
    public static string Claim(DStream stream, string operatorName, OutputDirectory directory, string? prefix, string? suffix)
    {
        CheckNames(prefix, suffix);
        string destination = directory.AddressOf(DStreamOperators.NameOf(prefix, suffix, default));
        OutputOperation? other = stream.Context.Outputs.FirstOrDefault(output => s_paths.Equals(output.Destination, destination));
        return other is null
            ? destination
            : throw new ArgumentException(
                $"{operatorName} of {stream.Name} has the prefix \"{prefix}\" and the suffix \"{suffix}\", as "
                    + $"{other.Name} has: each would replace the other's directory in every batch. Give each output "
                    + "a prefix or suffix of its own.",
                nameof(prefix));
    }

    /// <summary>
    /// Whether an output has published a directory: it has only what outputs write, and the file that marks it as complete.
    /// </summary>
    public static bool IsWhole(string path) => IsOurs(path) && File.Exists(Path.Combine(path, SuccessName));

    /// <summary>
    /// Whether a directory may be replaced: it has only what outputs write, Spark's too, which is files of partitions
    /// and the file that marks it as complete.
    /// </summary>
    public static bool IsOurs(string path)
    {
        if (!Directory.Exists(path) || new DirectoryInfo(path).LinkTarget is not null)
        {
            return false;
        }

        bool isEmpty = true;
        foreach (FileSystemInfo entry in new DirectoryInfo(path).EnumerateFileSystemInfos())
        {
            if (entry is not FileInfo || entry.LinkTarget is not null || !(entry.Name == SuccessName || IsPart(entry.Name)))
            {
                return false;
            }

            isEmpty = false;
        }

        return !isEmpty;
    }

    /// <summary>Refuses a prefix that does not stay inside the directory given with it.</summary>
    /// <exception cref="ArgumentException">The prefix is a path from the root, or has "..".</exception>
    public static void ThrowIfOutside(string? prefix)
    {
        if (prefix is not null && (Path.IsPathRooted(prefix) || prefix.Split('/', OperatingSystem.IsWindows() ? '\\' : '/').Contains("..")))
        {
            throw new ArgumentException(
                $"The prefix \"{prefix}\" leads out of the directory that is given with it; a name is expected, or "
                    + "a path that begins with one and has no \"..\".",
                nameof(prefix));
        }
    }

    private static void CheckNames(string? prefix, string? suffix)
    {
        if (suffix is not null && suffix.AsSpan().ContainsAny('/', '\\', '\0'))
        {
            throw new ArgumentException(
                $"The suffix \"{suffix}\" would carry files out of the directory of the output; the end of a name "
                + "is expected, such as \"txt\". Give the path in the prefix.", nameof(suffix));
        }

        if (prefix is null)
        {
            return;
        }

        // The program may begin a path where it likes. But a ".." after a name is a text from elsewhere that was joined
        // to the program's own directory.
        string[] parts = prefix.Split('/', OperatingSystem.IsWindows() ? '\\' : '/');
        int names = 0;
        foreach (string part in parts)
        {
            names += part is "" or "." or ".." ? 0 : 1;
            if ((part == ".." && names > 0) || part.Contains('\0', StringComparison.Ordinal))
            {
                throw new ArgumentException(
                    $"The prefix \"{prefix}\" leads out of the directory that it begins with; a path without \"..\" "
                        + "behind a name is expected. If it is meant, give Path.GetFullPath of it.", nameof(prefix));
            }
        }
    }

    private static bool IsPart(string name) =>
        name.Length >= PartPrefix.Length + 5 && name.StartsWith(PartPrefix, StringComparison.Ordinal)
            && !name.AsSpan(PartPrefix.Length).ContainsAnyExceptInRange('0', '9');
}
