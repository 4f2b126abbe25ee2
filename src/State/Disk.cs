using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace FastStream;

/// <summary>Bringing files and directories to the disk, with the answer looked at: .NET's own flush does not tell when the disk failed.</summary>
internal static partial class Disk
{
    /// <summary>Brings a file's bytes to the disk.</summary>
    /// <exception cref="IOException">The disk did not take them.</exception>
    public static void Flush(SafeFileHandle file, string path)
    {
        if (OperatingSystem.IsWindows())
        {
            RandomAccess.FlushToDisk(file);
        }
        else if (FSync(file) != 0)
        {
            int error = Marshal.GetLastPInvokeError();
            throw new IOException($"{path} was not brought to the disk: {Marshal.GetPInvokeErrorMessage(error)} (error {error}).");
        }
    }

    /// <summary>Brings a directory's entries to the disk.</summary>
    /// <exception cref="IOException">The disk did not take them.</exception>
    public static void FlushDirectory(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return;   // has no such thing
        }

        using SafeFileHandle directory = OpenDirectory(path);
        Flush(directory, path);
    }

    private static SafeFileHandle OpenDirectory(string path)
    {
        const int ReadOnly = 0;
        var handle = new SafeFileHandle(Open(path, ReadOnly), ownsHandle: true);
        if (handle.IsInvalid)
        {
            int error = Marshal.GetLastPInvokeError();
            handle.Dispose();
            throw new IOException($"{path} cannot be opened: {Marshal.GetPInvokeErrorMessage(error)} (error {error}).");
        }

        return handle;
    }

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int FSync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Open(string path, int flags);
}
