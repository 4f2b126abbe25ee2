using System.CommandLine;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace FastStream.Cli;

/// <summary>The tool as a child of itself: how settings that a runtime reads at its start are tried.</summary>
internal static class ToolProcess
{
    private const int InterruptSignal = 2;

    /// <summary>The arguments of a command line without an option and its value.</summary>
    public static string[] Without(string option, ParseResult parsed)
    {
        string[] given = [.. parsed.Tokens.Select(token => token.Value)];
        int at = Array.IndexOf(given, option);
        return at < 0 ? given : [.. given[..at], .. given[(at + 2)..]];
    }

    /// <summary>Runs a command line in a child that prints where this process does.</summary>
    /// <returns>The child's exit code.</returns>
    public static async Task<int> RunAsync(string[] arguments, IReadOnlyDictionary<string, string> environment, CommandOutput output, CancellationToken cancellation)
    {
        using Process child = Start(arguments, environment, isRedirected: !output.IsOfProcess, redirectsErrors: !output.IsOfProcess);
        await using CancellationTokenRegistration stop = cancellation.Register(() => Interrupt(child));
        Task printed = output.IsOfProcess
            ? Task.CompletedTask
            : Task.WhenAll(PumpAsync(child.StandardOutput, output.Out), PumpAsync(child.StandardError, output.Errors));
        await child.WaitForExitAsync(CancellationToken.None);
        await printed;
        return child.ExitCode;
    }

    /// <summary>Starts a command line; its standard output, and if wanted its error output, is the caller's to read.</summary>
    public static Process Start(string[] arguments, IReadOnlyDictionary<string, string> environment, bool isRedirected, bool redirectsErrors)
    {
        var start = new ProcessStartInfo(Host(), ["exec", typeof(ToolProcess).Assembly.Location, .. arguments])
        {
            RedirectStandardOutput = isRedirected,
            RedirectStandardError = redirectsErrors,
        };
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    /// <summary>Asks a child as Ctrl-C does. Windows has no such call for one process: there the console asks all of them by itself.</summary>
    public static void Interrupt(Process child)
    {
        if (!OperatingSystem.IsWindows() && !child.HasExited)
        {
            _ = Kill(child.Id, InterruptSignal);
        }
    }

    private static async Task PumpAsync(StreamReader from, TextWriter to)
    {
        while (await from.ReadLineAsync() is { } line)
        {
            await to.WriteLineAsync(line);
        }
    }

    // The program that runs this one; a tool's own start program cannot be given another command line, but the runtime's host stands three folders above the runtime.
    private static string Host() => Environment.ProcessPath is { } own && Path.GetFileNameWithoutExtension(own) == "dotnet"
        ? own
        : Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet"));

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int process, int signal);
}
