using System.CommandLine;

namespace FastStream.Cli;

/// <summary>Options that several commands share, with the same meaning.</summary>
internal static class CommonOptions
{
    // The descriptions state the defaults, so that help is the same on every machine and shows a time as a user writes
    // it.
    public static Option<TimeSpan?> Interval() => new("--interval")
    {
        HelpName = "time",
        Description = "Time between batches: 500ms, 1s, …; default 1s.",
        CustomParser = argument => Durations.Parse(argument),
    };

    public static Option<int?> Partitions() => new("--partitions")
    {
        HelpName = "number",
        Description = "Partitions of inputs and keys, 1 to 1024; default: one for each processor.",
        CustomParser = argument => Numbers.Between(1, 1024)(argument),
    };

    public static Option<TimeSpan?> Duration(string description) => new("--duration")
    {
        HelpName = "time",
        Description = description,
        CustomParser = argument => Durations.Parse(argument),
    };
}
