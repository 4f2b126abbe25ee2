using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace FastStream.Runtime;

/// <summary>The directory of one program's batches and checkpoints; one process at a time may use it.</summary>
internal static partial class JobDirectory
{
    private const int Exclusive = 2;      // LOCK_EX
    private const int WithoutWait = 4;    // LOCK_NB
    private const int SharingViolation = unchecked((int)0x80070020);

    private static int WouldBlock => OperatingSystem.IsLinux() ? 11 : 35;   // EWOULDBLOCK

    /// <summary>
    /// Creates the directory if it is missing, for its owner alone, and locks it. An existing directory keeps its
    /// permissions, and is refused if others may write to it.
    /// </summary>
    /// <returns>The lock; disposing of it, or the end of the process, releases the directory.</returns>
    /// <exception cref="InvalidOperationException">
    /// Another process, or another context of this one, uses it; or other users may have written to it.
    /// </exception>
    /// <exception cref="IOException">
    /// The directory cannot be created or written to, or its file system has no locks.
    /// </exception>
    public static FileStream Take(string directory)
    {
        directory = Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory));
        if (!Directory.Exists(directory))
        {
            AtomicDirectory.MakeDurably(Path.GetDirectoryName(directory)!);
            PrivateFile.MakeDirectory(directory);
        }

        // Also for an existing directory: the run that created it may have been killed before the flush.
        FileTrust.CheckDirectory(directory, mayBeLink: true);
        AtomicDirectory.MakeDurably(directory);
        FileStream file = Lock(directory);
        try
        {
            using FileStream owner = PrivateFile.Open(OwnerPath(directory), FileMode.Create);
            owner.Write(System.Text.Encoding.UTF8.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture)));
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Locks a directory for reading, and changes nothing in it.</summary>
    /// <returns>The lock; null if the directory has no lock file, as in a copy.</returns>
    /// <exception cref="InvalidOperationException">A context uses it.</exception>
    public static IDisposable? TakeToRead(string directory)
    {
        string path = Path.Combine(directory, "lock");
        FileStream file;
        try
        {
            // FileShare.Read: .NET requests a shared lock, which several readers can hold, but no writer beside them.
            file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
        catch (IOException error) when (error.HResult == SharingViolation || error.HResult == WouldBlock)
        {
            throw InUse(directory, error);
        }

        return file;
    }

    private static FileStream Lock(string directory)
    {
        string path = Path.Combine(directory, "lock");
        FileStream file;
        try
        {
            file = PrivateFile.Open(path, FileMode.OpenOrCreate, FileShare.None);
        }
        catch (IOException error) when (error.HResult == SharingViolation || error.HResult == WouldBlock)
        {
            throw InUse(directory, error);
        }

        // Locked and checked here, because .NET continues without a lock where the file system has none, or where its
        // locks are switched off.
        int answer = OperatingSystem.IsWindows() || Flock(file.SafeFileHandle, Exclusive | WithoutWait) == 0
            ? 0 : Marshal.GetLastPInvokeError();
        if (answer != 0)
        {
            file.Dispose();
            throw answer == WouldBlock
                ? InUse(directory, null)
                : new IOException(
                    $"{path} cannot be locked: {Marshal.GetPInvokeErrorMessage(answer)} (error {answer}). Two "
                    + "processes at once would destroy what is in it; put the checkpoint directory onto a file system that has locks.");
        }

        return file;
    }

    private static InvalidOperationException InUse(string directory, Exception? error) =>
        new($"{directory} is in use by process {OwnerOf(directory)}. One context at a time may use a checkpoint "
            + "directory: stop that one, or give this one a directory of its own.", error);

    private static string OwnerPath(string directory) => Path.Combine(directory, "owner");

    // For the message only; the lock itself decides.
    private static string OwnerOf(string directory)
    {
        try
        {
            return File.ReadAllText(OwnerPath(directory));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return "unknown";
        }
    }

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Flock(SafeFileHandle file, int operation);
}
