using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace FastStream;

/// <summary>
/// Identifies a file independently of its name: by device and inode, or by path where the system gives neither.
/// </summary>
internal readonly record struct FileIdentity(ulong Device, ulong Inode, string? Path);

/// <summary>What a listing knows of a regular file.</summary>
/// <param name="Path">Its path.</param>
/// <param name="Identity">Which file it is.</param>
/// <param name="Size">Bytes.</param>
/// <param name="ModifiedTicks">Modification time in ticks since the Unix epoch.</param>
/// <param name="BornTicks">Creation time; 0 where the file system does not store it. It distinguishes files that got
/// the same inode one after the other.</param>
internal readonly record struct FileStatus(string Path, FileIdentity Identity, long Size, long ModifiedTicks, long BornTicks)
{
    /// <summary>Modification time in whole milliseconds, rounded down.</summary>
    public long ModifiedMs => (ModifiedTicks / TimeSpan.TicksPerMillisecond) - (ModifiedTicks % TimeSpan.TicksPerMillisecond < 0 ? 1 : 0);

    /// <summary>
    /// Whether both statuses are of the same file. The inode alone is not enough: after a deletion another file may get
    /// it.
    /// </summary>
    public bool IsSameFileAs(in FileStatus earlier) =>
        Identity == earlier.Identity
        && (BornTicks != 0 && earlier.BornTicks != 0
            ? BornTicks == earlier.BornTicks
            : Path == earlier.Path || (Size == earlier.Size && ModifiedTicks == earlier.ModifiedTicks));

    /// <summary>Whether nothing was written in between.</summary>
    public bool IsUnchangedSince(in FileStatus earlier) => Size == earlier.Size && ModifiedTicks == earlier.ModifiedTicks;

    /// <summary>
    /// Gets the status of a path; null if it does not exist or is not a regular file. Follows no links, opens nothing.
    /// </summary>
    public static FileStatus? Of(string path) => OperatingSystem.IsLinux() ? LinuxFiles.Status(path) : Portable(path);

    private static FileStatus? Portable(string path)
    {
        var file = new FileInfo(path);
        if (!file.Exists
            || (file.Attributes & (FileAttributes.ReparsePoint | FileAttributes.Device | FileAttributes.Directory)) != FileAttributes.None)
        {
            return null;
        }

        return new FileStatus(path, new FileIdentity(0, 0, path), file.Length, Ticks(file.LastWriteTimeUtc), Ticks(file.CreationTimeUtc));

        static long Ticks(DateTime time) => time.Ticks - DateTime.UnixEpoch.Ticks;
    }
}

/// <summary>Linux's <c>statx</c>, because .NET gives neither device nor inode.</summary>
internal static unsafe partial class LinuxFiles
{
    private const int CurrentDirectory = -100;      // AT_FDCWD
    private const int DoNotFollow = 0x100;          // AT_SYMLINK_NOFOLLOW
    private const uint BasicAndBirth = 0x7FF | 0x800; // STATX_BASIC_STATS | STATX_BTIME
    private const int FormatMask = 0xF000;          // S_IFMT
    private const int RegularFile = 0x8000;         // S_IFREG

    public static FileStatus? Status(string path)
    {
        Statx status = default;
        if (GetStatus(CurrentDirectory, path, DoNotFollow, BasicAndBirth, &status) != 0 || (status.Mode & FormatMask) != RegularFile)
        {
            return null;
        }

        var identity = new FileIdentity(((ulong)status.DeviceMajor << 32) | status.DeviceMinor, status.Inode, null);
        return new FileStatus(path, identity, (long)status.Size, status.Modified.Ticks, (status.Mask & 0x800) != 0 ? status.Born.Ticks : 0);
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int GetStatus(int directory, string path, int flags, uint mask, Statx* status);

    // linux/stat.h: 256 bytes, the same on every architecture.
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Statx
    {
        [FieldOffset(0)]
        public uint Mask;
        [FieldOffset(28)]
        public ushort Mode;
        [FieldOffset(32)]
        public ulong Inode;
        [FieldOffset(40)]
        public ulong Size;
        [FieldOffset(80)]
        public StatxTime Born;
        [FieldOffset(112)]
        public StatxTime Modified;
        [FieldOffset(136)]
        public uint DeviceMajor;
        [FieldOffset(140)]
        public uint DeviceMinor;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct StatxTime
    {
        public long Seconds;
        public uint Nanoseconds;
        public int Padding;

        public readonly long Ticks => (Seconds * TimeSpan.TicksPerSecond) + (Nanoseconds / 100);
    }
}
