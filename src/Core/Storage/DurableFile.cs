using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace FastStream;

/// <summary>Makes files and directories survive a loss of power, and says so when they might not.</summary>
/// <remarks>
/// Linux: <c>fsync</c> itself, with its result looked at; .NET's own flush leaves some errors out. Elsewhere, in this one place:
/// <see cref="RandomAccess.FlushToDisk"/> for files, and nothing for directories, whose entries those systems keep by themselves.
/// </remarks>
internal static partial class DurableFile
{
    private const int Interrupted = 4;      // EINTR
    private const int Invalid = 22;         // EINVAL: a file system that keeps directories by itself
    private const int NotSupported = 95;    // EOPNOTSUPP: the same
    private const int ReadOnly = 0;         // O_RDONLY
    private const int CloseOnExec = 0x80000; // O_CLOEXEC

    /// <summary>Brings what was written through the handle to the disk.</summary>
    /// <exception cref="IOException">The disk did not take it; after this, nobody knows what of it is there.</exception>
    public static void Flush(SafeFileHandle file, string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            RandomAccess.FlushToDisk(file);
            return;
        }

        int error = Sync(file);
        if (error != 0)
        {
            throw Failed(path, error);
        }
    }

    /// <summary>Brings a directory's entries to the disk: after files were made, renamed or removed in it.</summary>
    /// <exception cref="IOException">The disk did not take it.</exception>
    public static void FlushDirectory(string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        using var directory = new SafeFileHandle(Open(path, ReadOnly | CloseOnExec), ownsHandle: true);
        int error = directory.IsInvalid ? Marshal.GetLastPInvokeError() : Sync(directory);
        if (error is not (0 or Invalid or NotSupported))
        {
            throw Failed(path, error);
        }
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
        new($"{path} could not be brought to the disk: {Marshal.GetPInvokeErrorMessage(error)} (error {error}). Its contents are in doubt; write it again.");

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int FileSync(SafeFileHandle handle);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint Open(string path, int flags);
}
