using System.Globalization;

namespace FastStream.Cli;

/// <summary>
/// Measures how busy other processes keep the machine, which spoils a measurement without a trace in the program.
/// </summary>
internal sealed class MachineLoad
{
    private const string Source = "/proc/stat";

    private readonly (double Busy, double Total)? _start = Read();
    private readonly TimeSpan _own = Environment.CpuUsage.TotalTime;

    /// <summary>
    /// Returns the part of all processors' time that other processes have used since this object was made, 0 to 1; null
    /// where the system does not say.
    /// </summary>
    public double? Others()
    {
        if (_start is not { } start || Read() is not { } now || now.Total <= start.Total)
        {
            return null;
        }

        // The kernel's ticks are hundredths of a second, for each processor.
        double own = (Environment.CpuUsage.TotalTime - _own).TotalSeconds * 100;
        return Math.Clamp((now.Busy - start.Busy - own) / (now.Total - start.Total), 0, 1);
    }

    /// <summary>Parses the busy and the total ticks from the first line of <c>/proc/stat</c>.</summary>
    public static (double Busy, double Total)? Parse(string line)
    {
        string[] fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (fields is not ["cpu", ..] || fields.Length < 9)
        {
            return null;
        }

        // user nice system idle iowait irq softirq steal; user already includes guests. Time that a hypervisor takes
        // away (steal) counts as used by others.
        double[] ticks = [.. fields[1..9].Select(field => double.Parse(field, CultureInfo.InvariantCulture))];
        double total = ticks.Sum();
        return (total - ticks[3] - ticks[4], total);
    }

    private static (double Busy, double Total)? Read()
    {
        try
        {
            using StreamReader reader = File.OpenText(Source);
            return Parse(reader.ReadLine() ?? "");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
