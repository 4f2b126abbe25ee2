using System.Globalization;
using System.Runtime;

namespace FastStream.Cli;

/// <summary>
/// Checks what matters to a job on a machine. The judgements are pure functions of what was read, so that tests can
/// call them.
/// </summary>
internal static class MachineChecks
{
    /// <summary>Runs all checks, for a directory that would hold checkpoints.</summary>
    public static IEnumerable<Finding> All(string directory)
    {
        yield return Processors(Environment.ProcessorCount);
        yield return Collector(GCSettings.IsServerGC, GCSettings.LatencyMode != GCLatencyMode.Batch, Environment.ProcessorCount);
        yield return Timer(TimerLateness());
        if (Text("/proc/self/limits") is { } limits)
        {
            yield return OpenFiles(limits);
        }

        if (Text("/sys/devices/system/clocksource/clocksource0/current_clocksource") is { } clock)
        {
            yield return Clock(clock.Trim());
        }

        if (Text("/sys/kernel/mm/transparent_hugepage/enabled") is { } pages)
        {
            yield return HugePages(pages.Trim());
        }

        yield return Synchronizing(directory);
        yield return FreeSpace(directory);
    }

    public static Finding Processors(int count) => new(
        "processors",
        Number(count),
        count == 1 ? Health.Mind : Health.Well,
        count == 1
            ? "Receiving, batches and the collector share one; intervals below 10 ms will be uneven."
            : "A job has as many partitions unless it is told otherwise.");

    public static Finding Collector(bool isServer, bool isConcurrent, int processors) => new(
        "collector",
        (isServer ? "server" : "workstation") + (isConcurrent ? ", concurrent" : ", not concurrent"),
        isConcurrent ? Health.Well : Health.Mind,
        !isConcurrent
            ? "A full collection stops batches for all its time; set ConcurrentGarbageCollection unless the job allocates next to nothing."
            : isServer ? "Collects seldom and on all processors: throughput for functions that allocate. `faststream gc` compares."
            : processors > 4
                ? "Even latency. Jobs whose functions allocate much gain by server collection on this many "
                + "processors: `faststream gc` compares."
            : "Even latency; the default. It is this tool's own: a job's is in its runtimeconfig.json.");

    public static Finding Timer(TimeSpan lateness) => new(
        "timer",
        $"late by {Times.Text(lateness)} at the median",
        lateness < TimeSpan.FromMilliseconds(2) ? Health.Well : Health.Mind,
        lateness < TimeSpan.FromMilliseconds(2)
            ? "Good for batch intervals down to 1 ms."
            : $"A wait of 1 ms takes that much longer: batch intervals below {Times.Text(lateness * 5)} will be "
                + "uneven. Other work on the machine, or a coarse timer of the system, does that.");

    /// <summary>Judges the text of <c>/proc/self/limits</c>.</summary>
    public static Finding OpenFiles(string limits)
    {
        string line = limits.Split('\n').FirstOrDefault(each => each.StartsWith("Max open files", StringComparison.Ordinal)) ?? "";
        string[] fields = line["Max open files".Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        bool isNumber = long.TryParse(fields.FirstOrDefault(), NumberStyles.None, CultureInfo.InvariantCulture, out long soft);
        Health health = !isNumber || soft >= 10_000 ? Health.Well : soft >= 1_024 ? Health.Mind : Health.Bad;
        return new Finding(
            "open files",
            isNumber ? Number(soft) : "no limit",
            health,
            health == Health.Well
                ? "Each connection and each file that is read takes one."
                : "Each connection and each file that is read takes one: a listening stream with more peers refuses "
                    + "them. Raise it by `ulimit -n 65536`, or LimitNOFILE= of systemd.");
    }

    public static Finding Clock(string source) => source is "tsc" or "kvm-clock" or "hyperv_clocksource_tsc_page" or "arch_sys_counter"
        ? new Finding("clock source", source, Health.Well,
            "The clock is read without a call into the kernel: times of batches and stages cost some 20 ns.")
        : new Finding("clock source", source, Health.Mind,
            "The clock is read by a call into the kernel, some 1 µs each time: the dashboard's profile of stages "
            + "costs more, and so do time stamps in functions. Choose tsc where the machine has it.");

    public static Finding HugePages(string text)
    {
        string mode = text.Split('[', ']') is [_, var chosen, ..] ? chosen : text;
        return mode == "always"
            ? new Finding("huge pages", mode, Health.Mind,
                "The kernel may stop the process for milliseconds to make large pages, and memory in use is more "
                + "than is needed. madvise is calmer for short intervals.")
            : new Finding("huge pages", mode, Health.Well, "The kernel makes large pages only where it is asked to.");
    }

    public static Finding Disk(string directory, TimeSpan median, TimeSpan longest) => new(
        "fsync",
        $"{Times.Text(median)} at the median, {Times.Text(longest)} at most, in {directory}",
        median < TimeSpan.FromMilliseconds(5) ? Health.Well : median < TimeSpan.FromMilliseconds(50) ? Health.Mind : Health.Bad,
        $"With checkpoints each batch waits for two of them: an interval below {Times.Text(median * 4)} would spend its time there. " +
        (median < TimeSpan.FromMicroseconds(20)
            ? "A disk this fast has its own cache, or is memory: its maker must say whether data survive a power cut." : ""));

    public static Finding Space(string directory, long free) => new(
        "free space",
        string.Create(CultureInfo.InvariantCulture, $"{free / 1e9:N1} GB in {directory}"),
        free > 5_000_000_000 ? Health.Well : free > 1_000_000_000 ? Health.Mind : Health.Bad,
        "Checkpoints keep three saves of all states, and up to 256 MiB of log for each (CheckpointOptions). A full "
            + "disk stops the job; nothing is lost.");

    private static TimeSpan TimerLateness()
    {
        TimeProvider clock = TimeProvider.System;
        var waits = new List<double>();
        for (int i = 0; i < 50; i++)
        {
            long start = clock.GetTimestamp();
            Thread.Sleep(1);
            waits.Add((clock.GetElapsedTime(start) - TimeSpan.FromMilliseconds(1)).TotalMilliseconds);
        }

        return TimeSpan.FromMilliseconds(Trend.Median(waits));
    }

    private static Finding Synchronizing(string directory)
    {
        TimeProvider clock = TimeProvider.System;
        string path = Path.Combine(directory, $".faststream-doctor-{Guid.NewGuid():N}");
        var times = new List<double>();
        try
        {
            using var file =
                new FileStream(path, new FileStreamOptions
                    { Mode = FileMode.CreateNew, Access = FileAccess.Write, Options = FileOptions.DeleteOnClose, BufferSize = 0 });
            byte[] block = new byte[4096];
            for (int i = 0; i < 30; i++)
            {
                file.Write(block);
                long start = clock.GetTimestamp();
                DurableFile.Flush(file.SafeFileHandle, path);
                times.Add(clock.GetElapsedTime(start).TotalMilliseconds);
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return new Finding("fsync", $"cannot write to {directory}", Health.Bad,
                $"{error.Message} Checkpoints cannot be kept there; choose another directory.");
        }

        return Disk(directory, TimeSpan.FromMilliseconds(Trend.Median(times)), TimeSpan.FromMilliseconds(times.Max()));
    }

    private static Finding FreeSpace(string directory) => Space(directory, new DriveInfo(Path.GetFullPath(directory)).AvailableFreeSpace);

    private static string? Text(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
