using System.Globalization;
using System.Runtime.InteropServices;

namespace FastStream;

/// <summary>
/// The system's limit on the files and sockets that the process has open at a time. Linux only; elsewhere it is
/// unknown.
/// </summary>
internal static partial class HandleLimit
{
    /// <summary>
    /// Handles that sources leave to the rest of the program: for files, checkpoints and libraries loaded late.
    /// </summary>
    public const int Reserve = 64;

    public const string Advice = "Raise the limit of open files (ulimit -n, LimitNOFILE of systemd, or the "
        + "container's), or let the program open fewer.";

    private const int OpenFiles = 7;             // RLIMIT_NOFILE
    private const int TooManyInProcess = 24;     // EMFILE
    private const int TooManyInSystem = 23;      // ENFILE

    /// <summary>Returns how many more can be opened now; null where the system does not say.</summary>
    public static int? Left() => Now() is { } now ? (int)Math.Clamp(now.Limit - now.Open, 0, int.MaxValue) : null;

    /// <summary>Whether opening failed for lack of handles.</summary>
    public static bool IsReached(IOException error) => OperatingSystem.IsLinux() && error.HResult is TooManyInProcess or TooManyInSystem;

    /// <summary>Warns where too few handles are left.</summary>
    /// <param name="readers">Number of files that are read at a time.</param>
    /// <param name="warn">Called with a message for listeners.</param>
    public static void Check(int readers, Action<string> warn)
    {
        if (Now() is { } now && now.Limit < now.Open + readers + Reserve)
        {
            warn(string.Create(
                CultureInfo.InvariantCulture,
                $"The process may have {now.Limit} files open and has {now.Open}; it reads {readers} at a time, and "
                    + $"{Reserve} more are a sound reserve: what fails when they are short is any part of the "
                    + $"program. {Advice}"));
        }
    }

    private static (long Limit, int Open)? Now()
    {
        if (!OperatingSystem.IsLinux() || GetLimit(OpenFiles, out Limits limits) != 0)
        {
            return null;
        }

        try
        {
            return ((long)Math.Min(limits.Soft, int.MaxValue), Directory.EnumerateFileSystemEntries("/proc/self/fd").Count());
        }
        catch (IOException error) when (IsReached(error))
        {
            long limit = (long)Math.Min(limits.Soft, int.MaxValue);
            return (limit, (int)limit);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;   // for example without /proc
        }
    }

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
