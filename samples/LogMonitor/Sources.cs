using System.CommandLine;
using System.CommandLine.Parsing;

namespace LogMonitor;

/// <summary>Where lines come from: exactly one source, with all its options.</summary>
internal static class Sources
{
    /// <summary>Refuses options that exclude each other, and a directory that does not exist.</summary>
    public static Action<CommandResult> Check(Option<string> host, Option<int?> port, Option<DirectoryInfo?> directory) => command =>
    {
        if (IsGiven(command, directory) && (IsGiven(command, port) || IsGiven(command, host)))
        {
            command.AddError("--directory is given together with --port or --host; one source is expected. Leave one of them out.");
        }
        else if (IsGiven(command, host) && !IsGiven(command, port))
        {
            command.AddError(
                "--host is given without --port; both are expected. Add --port, or leave --host out for the embedded generator.");
        }
        else if (IsGiven(command, directory) && command.GetValue(directory) is { Exists: false } folder
            && folder.FullName.AsSpan().IndexOfAny('*', '?') < 0)
        {
            command.AddError($"--directory is \"{folder}\", which is no directory; an existing one is expected. Make it first.");
        }
    };

    private static bool IsGiven(CommandResult command, Option option) => command.GetResult(option) is { Implicit: false };
}
