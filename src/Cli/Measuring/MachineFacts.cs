using System.Runtime;
using System.Runtime.InteropServices;

namespace FastStream.Cli;

/// <summary>The machine and runtime of a measurement.</summary>
internal sealed record MachineFacts(string Processor, int Processors, string System, string Runtime, string Collector)
{
    public static MachineFacts Read() => new(
        ProcessorName(),
        Environment.ProcessorCount,
        RuntimeInformation.OSDescription,
        $"{RuntimeInformation.FrameworkDescription} {RuntimeInformation.ProcessArchitecture}",
        CollectorName());

    public string Text() => $"{Processor}, {Processors} processor{(Processors == 1 ? "" : "s")}; {System}; {Runtime}";

    /// <summary>Returns this process's collector mode, by its name on the command line.</summary>
    public static string CollectorName() =>
        (GCSettings.IsServerGC ? "server" : "workstation") + (GCSettings.LatencyMode == GCLatencyMode.Batch ? "-nonconcurrent" : "");

    private static string ProcessorName()
    {
        try
        {
            string? line = File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal));
            return line?.Split(':', 2)[1].Trim() ?? "processor";
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER") ?? "processor";
        }
    }
}
