using System.Runtime.InteropServices;

namespace FastStream;

/// <summary>How many files and sockets the process may still open.</summary>
internal static partial class HandleLimit
{
    /// <summary>
    /// Handles that listening leaves to the rest of the program: for files, checkpoints and libraries that are loaded
    /// late.
    /// </summary>
    public const int Reserve = 64;

    /// <summary>How many more can be opened now; null where the system does not tell.</summary>
    public static int? Left()
    {
        if (!OperatingSystem.IsLinux() || GetLimit(OpenFiles, out Limits limits) != 0)
        {
            return null;
        }

        int open = Directory.EnumerateFileSystemEntries("/proc/self/fd").Count();
        return (int)Math.Clamp((long)Math.Min(limits.Soft, int.MaxValue) - open, 0, int.MaxValue);
    }

    private const int OpenFiles = 7;   // RLIMIT_NOFILE

    [LibraryImport("libc", EntryPoint = "getrlimit")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int GetLimit(int resource, out Limits limits);

    [StructLayout(LayoutKind.Sequential)]
    private struct Limits
    {
        public nuint Soft;
        public nuint Hard;
    }
}
