using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace FastStream.Runtime;

/// <summary>
/// Checks whether a file or directory can be trusted to hold what this program wrote: the user owns it, nobody else may
/// write to it, and its path is not a link.
/// </summary>
/// <remarks>
/// On Linux, checks owner and mode. Elsewhere, refuses only links: it does not read the access lists of those systems.
/// </remarks>
internal static unsafe partial class FileTrust
{
    private const int StatBytes = 256;          // struct statx, the same on every processor
    private const int LinksAt = 16;
    private const int OwnerAt = 20;
    private const int ModeAt = 28;
    private const uint Wanted = 0b1111;         // STATX_TYPE, STATX_MODE, STATX_NLINK, STATX_UID
    private const int OfHandle = 0x1000;        // AT_EMPTY_PATH
    private const int OfLink = 0x100;           // AT_SYMLINK_NOFOLLOW
    private const int WorkingDirectory = -100;  // AT_FDCWD
    private const int TypeBits = 0xF000;
    private const int RegularFile = 0x8000;
    private const int DirectoryType = 0x4000;
    private const int LinkType = 0xA000;
    private const int WritableByOthers = 0b010_010;

    /// <summary>Refuses an open file that others may write to.</summary>
    /// <param name="file">The file.</param>
    /// <param name="path">Its name, for the message.</param>
    /// <param name="isWritten">Whether the caller will write to it: a second name of the file would then change too.</param>
    /// <exception cref="InvalidOperationException">The path cannot be trusted.</exception>
    public static void CheckFile(SafeFileHandle file, string path, bool isWritten)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        Span<byte> stat = stackalloc byte[StatBytes];
        fixed (byte* buffer = stat)
        {
            ThrowIfFailed(StatOf(file, "", OfHandle, Wanted, buffer), path);
        }

        if (TypeOf(stat) != RegularFile)
        {
            throw NotTrusted(path, "is no file", "Remove it");
        }

        if (isWritten && Read(stat[LinksAt..]) > 1)
        {
            throw NotTrusted(path,
                "has another name too (a hard link), and what is written to it would change that one", "Put a copy in its place");
        }

        CheckOwner(stat, path);
    }

    /// <summary>Refuses a directory that others may write to. A missing directory passes.</summary>
    /// <param name="path">The directory.</param>
    /// <param name="mayBeLink">Whether the path may be a link to the directory.</param>
    /// <exception cref="InvalidOperationException">The path cannot be trusted.</exception>
    public static void CheckDirectory(string path, bool mayBeLink)
    {
        if (!mayBeLink)
        {
            ThrowIfLink(path);
        }

        if (!OperatingSystem.IsLinux() || !Directory.Exists(path))
        {
            return;
        }

        Span<byte> stat = stackalloc byte[StatBytes];
        fixed (byte* buffer = stat)
        {
            ThrowIfFailed(StatOf(WorkingDirectory, path, mayBeLink ? 0 : OfLink, Wanted, buffer), path);
        }

        if (TypeOf(stat) != DirectoryType)
        {
            throw TypeOf(stat) == LinkType ? Link(path) : NotTrusted(path, "is no directory", "Remove it");
        }

        CheckOwner(stat, path);
    }

    /// <summary>
    /// Refuses a link, on every system; for use before opening a file where the system has no flag for that.
    /// </summary>
    /// <exception cref="InvalidOperationException">It is a link.</exception>
    public static void ThrowIfLink(string path)
    {
        if (new FileInfo(path).LinkTarget is not null)
        {
            throw Link(path);
        }
    }

    internal static InvalidOperationException Link(string path) =>
        NotTrusted(path, "is a link, and what it leads to would be read or written in its place",
            "Remove the link, or put the file itself there");

    private static int TypeOf(ReadOnlySpan<byte> stat) => ReadHalf(stat[ModeAt..]) & TypeBits;

    private static void CheckOwner(ReadOnlySpan<byte> stat, string path)
    {
        uint owner = Read(stat[OwnerAt..]);
        uint user = EffectiveUser();
        if (owner != user)
        {
            throw NotTrusted(path, $"belongs to the user {owner}, and this process runs as {user}",
                $"Run as its owner, or give it to this user (chown {user})");
        }

        int mode = ReadHalf(stat[ModeAt..]) & 0xFFF;
        if ((mode & WritableByOthers) != 0)
        {
            throw NotTrusted(path, $"may be written to by others (its mode is {Convert.ToString(mode, 8)})",
                "Look at what is in it, and take the right away (chmod go-w)");
        }
    }

    private static uint Read(ReadOnlySpan<byte> bytes) => MemoryMarshal.Read<uint>(bytes);

    private static ushort ReadHalf(ReadOnlySpan<byte> bytes) => MemoryMarshal.Read<ushort>(bytes);

    private static void ThrowIfFailed(int result, string path)
    {
        if (result != 0)
        {
            throw new IOException(
                $"{path} cannot be examined: {Marshal.GetLastPInvokeErrorMessage()} (error {Marshal.GetLastPInvokeError()}).",
                Marshal.GetLastPInvokeError());
        }
    }

    private static InvalidOperationException NotTrusted(string path, string found, string way) => new(
        $"{path} {found}. A checkpoint directory holds what users sent and what the program trusts, and must be its "
            + $"user's alone. {way}, or give the program a new directory, which is made so.");

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int StatOf(SafeFileHandle directory, string path, int flags, uint mask, byte* result);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int StatOf(int directory, string path, int flags, uint mask, byte* result);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial uint EffectiveUser();
}
