using System.CommandLine;
using System.CommandLine.Help;

namespace FastStream.Cli;

/// <summary>The whole tool: its commands, and the handling of their errors.</summary>
internal static class FastStreamTool
{
    /// <summary>
    /// How long a job may take for its graceful stop after Ctrl-C, in which it processes what was received.
    /// </summary>
    private static readonly TimeSpan StopTime = TimeSpan.FromMinutes(1);

    /// <summary>Runs one command line and returns the exit code.</summary>
    public static async Task<int> RunAsync(string[] args, CommandOutput output, CancellationToken cancellation)
    {
        ParseResult parsed = Make(output).Parse(args);
        if (parsed.Errors.Count > 0 && parsed.Action is not HelpAction)
        {
            foreach (string message in parsed.Errors.Select(error => error.Message).Distinct(StringComparer.Ordinal))
            {
                await output.Errors.WriteLineAsync(message);
            }

            await output.Errors.WriteLineAsync($"`{PathOf(parsed.CommandResult.Command)} --help` says what is expected.");
            return ExitCode.Usage;
        }

        try
        {
            return await parsed.InvokeAsync(
                new InvocationConfiguration
                    { Output = output.Out, Error = output.Errors, ProcessTerminationTimeout = StopTime,
                        EnableDefaultExceptionHandler = false },
                cancellation);
        }
        catch (CommandException error)
        {
            await output.Errors.WriteLineAsync(error.Message);
            return error.ExitCode;
        }
        catch (Exception error) when (error is StreamingException or IOException or UnauthorizedAccessException)
        {
            await output.Errors.WriteLineAsync(error.Message);
            return ExitCode.Failed;
        }
    }

    /// <summary>Makes the root command with all commands.</summary>
    public static Command Make(CommandOutput output) => new("faststream", "Runs FastStream jobs and measures them.")
    {
        DemoCommand.Make(output),
        RunCommand.Make(output),
        TuneCommand.Make(output),
        CollectorCommand.Make(output),
        BenchCommand.Make(output),
        GenCommand.Make(output),
        ReplayCommand.Make(output),
        CheckpointCommand.Make(output),
        DoctorCommand.Make(output),
        new HelpOption { Recursive = true },
        new VersionOption(),
    };

    private static string PathOf(Command command) =>
        command.Parents.OfType<Command>().FirstOrDefault() is { } parent ? $"{PathOf(parent)} {command.Name}" : command.Name;
}
