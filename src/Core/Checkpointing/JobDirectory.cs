using System.Globalization;

namespace FastStream;

/// <summary>The directory of one program's batches and checkpoints, which one process at a time may have.</summary>
internal static class JobDirectory
{
    /// <summary>Makes the directory if need be and takes it.</summary>
    /// <returns>The lock; disposing it, or the process's end, lets go of the directory.</returns>
    /// <exception cref="InvalidOperationException">Another process, or another context of this one, has it.</exception>
    public static FileStream Take(string directory)
    {
        WholeDirectory.MakeDurably(directory);
        Protect(directory);
        string path = Path.Combine(directory, "lock");
        try
        {
            var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            File.WriteAllText(OwnerPath(directory), Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
            return file;
        }
        catch (IOException error) when (File.Exists(path))
        {
            throw new InvalidOperationException($"{directory} is in use by process {OwnerOf(directory)}. One context at a time may use a checkpoint directory: stop that one, or give this one a directory of its own.", error);
        }
    }

    // What is in it may be anything that users sent.
    private static void Protect(string directory)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    private static string OwnerPath(string directory) => Path.Combine(directory, "owner");

    private static string OwnerOf(string directory)
    {
        try
        {
            return File.ReadAllText(OwnerPath(directory));
        }
        catch (IOException)
        {
            return "unknown";
        }
    }
}
