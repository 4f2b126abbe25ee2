using System.Runtime.InteropServices;

namespace FastStream;

/// <summary>
/// Sleeps until a point of the system's monotonic clock, more exactly than .NET's timers, which have a resolution of
/// several milliseconds.
/// </summary>
/// <remarks>
/// On Linux, it uses <c>clock_nanosleep</c> with TIMER_ABSTIME, which cannot drift. Elsewhere, it uses
/// <see cref="Thread.Sleep(int)"/> until two milliseconds before, and yields for the rest. perf-results has the
/// measured gaps.
/// </remarks>
internal static partial class PreciseSleep
{
    private const int MonotonicClock = 1;
    private const int AbsoluteTime = 1;
    private const long NanosecondsPerSecond = 1_000_000_000;

    /// <summary>
    /// Blocks the thread until <see cref="TimeProvider.GetTimestamp"/> of the system clock reaches the timestamp, or a
    /// signal wakes it.
    /// </summary>
    public static void Until(long timestamp)
    {
        if (OperatingSystem.IsLinux() && TimeProvider.System.TimestampFrequency == NanosecondsPerSecond)
        {
            var until = new TimeSpec
                { Seconds = (nint)(timestamp / NanosecondsPerSecond), Nanoseconds = (nint)(timestamp % NanosecondsPerSecond) };
            _ = SleepAbsolute(MonotonicClock, AbsoluteTime, in until, 0);
            return;
        }

        while (true)
        {
            double leftMs = (timestamp - TimeProvider.System.GetTimestamp()) * 1000.0 / TimeProvider.System.TimestampFrequency;
            if (leftMs <= 0)
            {
                return;
            }

            if (leftMs > 2)
            {
                Thread.Sleep((int)leftMs - 1);
            }
            else
            {
                Thread.Yield();
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "clock_nanosleep")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SleepAbsolute(int clock, int flags, in TimeSpec request, nint remaining);

    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpec
    {
        public nint Seconds;
        public nint Nanoseconds;
    }
}
