using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace FastStream.Runtime;

/// <summary>
/// Files and directories that only their owner may read, whatever the process's umask: they may contain anything that
/// users sent.
/// </summary>
/// <remarks>
/// An existing file is opened without following a link, and checked before a byte of it is read or changed: another
/// user could have put it there. On Linux this class calls <c>open</c> itself, as .NET has no flag for that; elsewhere
/// it checks for a link first.
/// </remarks>
internal static partial class PrivateFile
{
    private const UnixFileMode FileMode600 = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode DirectoryMode700 = FileMode600 | UnixFileMode.UserExecute;
    private const int ReadOnly = 0;          // O_RDONLY
    private const int ReadWrite = 2;         // O_RDWR
    private const int Create = 0x40;         // O_CREAT
    private const int New = 0x80;            // O_EXCL
    private const int CloseOnExec = 0x80000; // O_CLOEXEC
    private const int NotThere = 2;          // ENOENT
    private const int NotAllowed = 13;       // EACCES
    private const int IsLink = 40;           // ELOOP

    // O_NOFOLLOW is one of the few flags whose value differs between processors.
    private static readonly int s_noLink = RuntimeInformation.ProcessArchitecture is Architecture.Arm
        or Architecture.Arm64 or Architecture.Armv6 or Architecture.Ppc64le ? 0x8000 : 0x20000;

    /// <summary>Opens a file for writing; only its owner may access a new one.</summary>
    /// <param name="path">The file's path.</param>
    /// <param name="mode">
    /// A new file, an existing one, or either; <see cref="FileMode.Create"/> empties an existing one.
    /// </param>
    /// <param name="share">What others may do with the file meanwhile; without effect on Linux.</param>
    /// <exception cref="InvalidOperationException">
    /// The file is a link, belongs to another user, or may be written to by others.
    /// </exception>
    public static FileStream Open(string path, FileMode mode, FileShare share = FileShare.Read)
    {
        if (!OperatingSystem.IsLinux())
        {
            return OpenElsewhere(path, mode, share);
        }

        int flags = mode switch
        {
            FileMode.Open => ReadWrite,
            FileMode.CreateNew => ReadWrite | Create | New,
            _ => ReadWrite | Create,
        };
        SafeFileHandle handle = OpenHandle(path, flags);
        try
        {
            FileTrust.CheckFile(handle, path, isWritten: true);
            if (File.GetUnixFileMode(handle) != FileMode600)
            {
                // the umask may have removed a permission that the owner needs, and an older file may be readable by
                // others
                File.SetUnixFileMode(handle, FileMode600);
            }

            var file = new FileStream(handle, FileAccess.ReadWrite, bufferSize: 0);
            if (mode == FileMode.Create)
            {
                file.SetLength(0);
            }

            return file;
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>Opens a file of such a directory for reading.</summary>
    /// <exception cref="InvalidOperationException">
    /// The file is a link, belongs to another user, or may be written to by others.
    /// </exception>
    public static SafeFileHandle OpenToRead(string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            FileTrust.ThrowIfLink(path);
            return File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, FileOptions.SequentialScan);
        }

        SafeFileHandle handle = OpenHandle(path, ReadOnly);
        try
        {
            FileTrust.CheckFile(handle, path, isWritten: false);
            return handle;
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>Creates a directory that only its owner may access; an existing one stays as it is.</summary>
    public static void MakeDirectory(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else if (!Directory.Exists(path))
        {
            Directory.CreateDirectory(path, DirectoryMode700);
            File.SetUnixFileMode(path, DirectoryMode700);
        }
    }

    private static FileStream OpenElsewhere(string path, FileMode mode, FileShare share)
    {
        FileTrust.ThrowIfLink(path);
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.ReadWrite, Share = share, BufferSize = 0 };
        if (!OperatingSystem.IsWindows() && mode != FileMode.Open)
        {
            options.UnixCreateMode = FileMode600;
        }

        var file = new FileStream(path, options);
        try
        {
            if (!OperatingSystem.IsWindows() && File.GetUnixFileMode(file.SafeFileHandle) != FileMode600)
            {
                File.SetUnixFileMode(file.SafeFileHandle, FileMode600);
            }

            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static SafeFileHandle OpenHandle(string path, int flags)
    {
        var handle = new SafeFileHandle(OpenFile(path, flags | CloseOnExec | s_noLink, (int)FileMode600), ownsHandle: true);
        if (!handle.IsInvalid)
        {
            return handle;
        }

        int error = Marshal.GetLastPInvokeError();
        handle.Dispose();
        string what = $"{path} cannot be opened: {Marshal.GetPInvokeErrorMessage(error)} (error {error}).";
        throw error switch
        {
            IsLink => FileTrust.Link(path),
            NotThere => new FileNotFoundException(what, path),
            NotAllowed => new UnauthorizedAccessException(what),
            _ => new IOException(what, error),
        };
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint OpenFile(string path, int flags, int mode);
}
