using System.Globalization;
using System.Runtime.InteropServices;

namespace FastStream;

/// <summary>The system's limit of files that the process has open at a time. Linux only; elsewhere nothing is known of it.</summary>
internal static unsafe partial class OpenFileLimit
{
    private const int Reserve = 64;              // for libraries that are loaded late, outputs, checkpoints and sockets
    private const int OpenFiles = 7;             // RLIMIT_NOFILE
    private const int TooManyInProcess = 24;     // EMFILE
    private const int TooManyInSystem = 23;      // ENFILE

    public const string Advice = "Raise the limit of open files (ulimit -n, LimitNOFILE of systemd, or the container's), or let the program open fewer.";

    /// <summary>Whether opening failed for want of handles.</summary>
    public static bool IsReached(IOException error) => OperatingSystem.IsLinux() && error.HResult is TooManyInProcess or TooManyInSystem;

    /// <summary>Warns where what is left of the limit is too little.</summary>
    /// <param name="readers">How many files are read at a time.</param>
    /// <param name="warn">Gets a message for listeners.</param>
    public static void Check(int readers, Action<string> warn)
    {
        Limits limits = default;
        if (OperatingSystem.IsLinux() && GetLimit(OpenFiles, &limits) == 0 && Open() is { } open && limits.Soft < (ulong)(open + readers + Reserve))
        {
            warn(string.Create(
                CultureInfo.InvariantCulture,
                $"The process may have {limits.Soft} files open and has {open}; it reads {readers} at a time, and {Reserve} more are a sound reserve: what fails when they are short is any part of the program. {Advice}"));
        }
    }

    private static int? Open()
    {
        try
        {
            return Directory.EnumerateFileSystemEntries("/proc/self/fd").Count();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;   // such as where /proc is not there
        }
    }

    [LibraryImport("libc", EntryPoint = "getrlimit")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int GetLimit(int resource, Limits* limits);

    [StructLayout(LayoutKind.Sequential)]
    private struct Limits
    {
        public ulong Soft;
        public ulong Hard;
    }
}
