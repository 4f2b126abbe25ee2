using System.CommandLine;

namespace FastStream.Cli;

/// <summary><c>faststream run JOB.dll</c>: runs a job from an assembly or a project.</summary>
internal static class RunCommand
{
    private const string About = "Runs a job: a class that implements IStreamJob, in an assembly or a project.";

    public static Command Make(CommandOutput output)
    {
        var job = new Argument<string>("job") { Description = "The assembly (.dll), the project, or the project's folder." };
        var className = new Option<string?>("--class") { HelpName = "name", Description = "The job's class, where there are several." };
        Option<TimeSpan?> interval = CommonOptions.Interval();
        Option<int?> partitions = CommonOptions.Partitions();
        Option<TimeSpan?> duration = CommonOptions.Duration("Stop after this time; default: at Ctrl-C.");
        var checkpoint = new Option<string?>("--checkpoint")
            { HelpName = "folder", Description = "Keep batches and states in this directory, and go on from what is there." };
        var gc = new Option<string?>("--gc")
            { HelpName = "mode", Description = $"Collector: {string.Join(", ", CollectorMode.Names)}; default: the tool's, workstation." };
        gc.AcceptOnlyFromAmong(CollectorMode.Names);
        var dashboard = new Option<int?>("--dashboard")
            { HelpName = "port", Description = "Serve a live page on this port of this machine, 0 for any.",
                CustomParser = argument => Numbers.Between(0, 65_535)(argument) };
        var stops = new Option<bool>("--stop-when-inputs-end") { Description = "Stop by itself when all inputs have ended." };
        var json = new Option<bool>("--json")
            { Description = "One JSON object a line on the standard output; what the job prints goes to the error output." };

        var command = new Command("run", About) { job, className, interval, partitions, duration, checkpoint, gc, dashboard, stops, json };
        command.SetAction((parsed, cancellation) =>
        {
            var options = new RunOptions
            {
                Job = parsed.GetRequiredValue(job),
                ClassName = parsed.GetValue(className),
                Interval = parsed.GetValue(interval) ?? TimeSpan.FromSeconds(1),
                Partitions = parsed.GetValue(partitions) ?? Environment.ProcessorCount,
                Duration = parsed.GetValue(duration),
                Checkpoint = parsed.GetValue(checkpoint),
                DashboardPort = parsed.GetValue(dashboard),
                StopsWhenInputsEnd = parsed.GetValue(stops),
                Json = parsed.GetValue(json),
            };
            return parsed.GetValue(gc) is { } mode
                ? ToolProcess.RunAsync(ToolProcess.Without("--gc", parsed), CollectorMode.Named(mode).Settings, output, cancellation)
                : RunAsync(options, output, cancellation);
        });
        return command;
    }

    private static async Task<int> RunAsync(RunOptions options, CommandOutput output, CancellationToken cancellation)
    {
        string file = await JobFile.FindAsync(options.Job, output, cancellation);
        await using var view = new ViewScope(output, options.Interval, options.Json);
        await JobRun.RunAsync(options, file, view.View, cancellation);
        return ExitCode.Done;
    }
}
