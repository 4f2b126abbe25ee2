using System.CommandLine;
using LogMonitor;

namespace FastStream.Cli;

/// <summary><c>faststream demo</c>: a job with its own load and a live page, without any set-up.</summary>
internal static class DemoCommand
{
    private const string About =
        "Watches the log of a web server that the demo plays itself: errors, requests and bytes by client, statuses; with a live page.";

    public static Command Make(CommandOutput output)
    {
        Option<TimeSpan?> interval = CommonOptions.Interval();
        Option<int?> partitions = CommonOptions.Partitions();
        Option<TimeSpan?> duration = CommonOptions.Duration("Stop after this time; default: at Ctrl-C.");
        var rate = new Option<int?>("--rate")
            { Description = "Log lines a second; default 10000.", HelpName = "number",
                CustomParser = argument => Numbers.Between(1, int.MaxValue)(argument) };
        var dashboard = new Option<int?>("--dashboard")
            { Description = "Port of the live page on this machine, 0 for any; default 4040.", HelpName = "port",
                CustomParser = argument => Numbers.Between(0, 65_535)(argument) };
        var json = new Option<bool>("--json")
            { Description = "One JSON object a line on the standard output; what the job prints goes to the error output." };
        var command = new Command("demo", About) { interval, partitions, duration, rate, dashboard, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            TimeSpan every = parsed.GetValue(interval) ?? TimeSpan.FromSeconds(1);
            await using var generator = new LoadGenerator(parsed.GetValue(rate) ?? 10_000);
            await using var context = new StreamingContext(new StreamingOptions
            {
                Name = "log-monitor",
                BatchInterval = every,
                Partitions = parsed.GetValue(partitions) ?? Environment.ProcessorCount,
            });
            Pipeline.Describe(context.SocketTextStream("127.0.0.1", generator.Port));
            await using var view = new ViewScope(output, every, parsed.GetValue(json));
            await JobRun.RunAsync(context, parsed.GetValue(duration), parsed.GetValue(dashboard) ?? 4040, view.View, cancellation);
            return ExitCode.Done;
        });
        return command;
    }
}
