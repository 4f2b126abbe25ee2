using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace FastStream.Runtime;

/// <summary>Makes files and directories survive a loss of power, and says so when they might not.</summary>
/// <remarks>
/// Linux: <c>fsync</c> itself, with its result looked at; .NET's own flush leaves some errors out. Elsewhere, in this one place:
/// <see cref="RandomAccess.FlushToDisk"/> for files, and nothing for directories, whose entries those systems keep by
/// themselves. For stores, sources and sinks of your own too. Thread safe.
/// </remarks>
public static partial class DurableFile
{
    private const int Interrupted = 4;      // EINTR
    private const int Invalid = 22;         // EINVAL: a file system that keeps directories by itself
    private const int NotSupported = 95;    // EOPNOTSUPP: the same
    private const int ReadOnly = 0;         // O_RDONLY
    private const int CloseOnExec = 0x80000; // O_CLOEXEC
    private const int NotAllowed = 13;      // EACCES: a directory that may be passed and not read
    private const int ReadOnlySystem = 30;  // EROFS: nothing in it waits for the disk

    /// <summary>Told the path of everything that was brought to the disk; null outside of tests.</summary>
    internal static Action<string>? Synced { get; set; }

    /// <summary>Brings what was written through the handle to the disk.</summary>
    /// <param name="file">The file, open to be written.</param>
    /// <param name="path">Its path, for messages.</param>
    /// <exception cref="IOException">The disk did not take it; after this, nobody knows what of it is there.</exception>
    public static void Flush(SafeFileHandle file, string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            RandomAccess.FlushToDisk(file);
            Synced?.Invoke(path);
            return;
        }

        int error = Sync(file);
        if (error != 0)
        {
            throw Failed(path, error);
        }

        Synced?.Invoke(path);
    }

    /// <summary>Brings a directory's entries to the disk: after files were made, renamed or removed in it.</summary>
    /// <exception cref="IOException">The disk did not take it.</exception>
    public static void FlushDirectory(string path)
    {
        int error = SyncDirectory(path);
        if (error != 0)
        {
            throw Failed(path, error);
        }
    }

    /// <summary>
    /// The same for a directory that may be somebody else's: false where this user may not read it, and it stays as it is.
    /// </summary>
    /// <exception cref="IOException">The disk did not take it.</exception>
    internal static bool TryFlushDirectory(string path)
    {
        int error = SyncDirectory(path);
        return error is 0 or NotAllowed or ReadOnlySystem ? error == 0 : throw Failed(path, error);
    }

    private static int SyncDirectory(string path)
    {
        int error = 0;
        if (OperatingSystem.IsLinux())
        {
            using var directory = new SafeFileHandle(Open(path, ReadOnly | CloseOnExec), ownsHandle: true);
            error = directory.IsInvalid ? Marshal.GetLastPInvokeError() : Sync(directory);
            error = error is Invalid or NotSupported ? 0 : error;
        }

        if (error == 0)
        {
            Synced?.Invoke(path);
        }

        return error;
    }

    private static int Sync(SafeFileHandle handle)
    {
        while (true)
        {
            int error = FileSync(handle) == 0 ? 0 : Marshal.GetLastPInvokeError();
            if (error != Interrupted)
            {
                return error;
            }
        }
    }

    private static IOException Failed(string path, int error) =>
        new($"{path} could not be brought to the disk: {Marshal.GetPInvokeErrorMessage(error)} (error {error}). Its "
            + "contents are in doubt; write it again.");

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int FileSync(SafeFileHandle handle);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint Open(string path, int flags);
}
