using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace FastStream.Runtime;

/// <summary>Makes files and directories survive a power loss, and throws when they might not.</summary>
/// <remarks>
/// On Linux, it calls <c>fsync</c> itself and checks the result, as .NET's own flush ignores some errors. Elsewhere, it
/// uses <see cref="RandomAccess.FlushToDisk"/> for files and does nothing for directories, whose entries those systems
/// persist by themselves. Your own stores, sources and sinks may use it too. Thread safe.
/// </remarks>
public static partial class DurableFile
{
    private const int Interrupted = 4;      // EINTR
    private const int Invalid = 22;         // EINVAL: a file system that persists directories by itself
    private const int NotSupported = 95;    // EOPNOTSUPP: the same
    private const int ReadOnly = 0;         // O_RDONLY
    private const int CloseOnExec = 0x80000; // O_CLOEXEC
    private const int NotAllowed = 13;      // EACCES: a directory that may be traversed but not read
    private const int ReadOnlySystem = 30;  // EROFS: nothing in it waits to be written

    /// <summary>Receives the path of everything that was flushed to disk; null outside of tests.</summary>
    internal static Action<string>? Synced { get; set; }

    /// <summary>Flushes the data written through the handle to disk.</summary>
    /// <param name="file">The file, open for writing.</param>
    /// <param name="path">Its path, for messages.</param>
    /// <exception cref="IOException">The flush failed; which of the data are on disk is then unknown.</exception>
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

    /// <summary>Flushes a directory's entries to disk, after files were created, renamed or removed in it.</summary>
    /// <exception cref="IOException">The flush failed.</exception>
    public static void FlushDirectory(string path)
    {
        int error = SyncDirectory(path);
        if (error != 0)
        {
            throw Failed(path, error);
        }
    }

    /// <summary>
    /// As <see cref="FlushDirectory"/>, for a directory that another user may own. Returns false, and flushes nothing,
    /// where this user may not read it.
    /// </summary>
    /// <exception cref="IOException">The flush failed.</exception>
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
        new($"{path} could not be flushed to disk: {Marshal.GetPInvokeErrorMessage(error)} (error {error}). Its "
            + "contents are in doubt; write it again.");

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int FileSync(SafeFileHandle handle);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint Open(string path, int flags);
}
