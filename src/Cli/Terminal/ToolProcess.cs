using System.CommandLine;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;

namespace FastStream.Cli;

/// <summary>
/// The tool as its own child process: the way to try settings that the runtime reads only at its start.
/// </summary>
internal sealed class ToolProcess : IDisposable
{
    private const int InterruptSignal = 2;

    // If one of these variables is set, it overrides the file that the child is given.
    private static readonly string[] Overruling = ["gcServer", "gcConcurrent", "GCDynamicAdaptationMode", "GCgen0size",
        "GCConserveMemory", "TieredPGO"];

    private readonly string _runtimeConfig;

    private ToolProcess(Process process, string runtimeConfig)
    {
        Process = process;
        _runtimeConfig = runtimeConfig;
    }

    public Process Process { get; }

    /// <summary>Returns the arguments of a command line without an option and its value.</summary>
    public static string[] Without(string option, ParseResult parsed)
    {
        string[] given = [.. parsed.Tokens.Select(token => token.Value)];
        int at = Array.IndexOf(given, option);
        return at < 0 ? given : [.. given[..at], .. given[(at + 2)..]];
    }

    /// <summary>Runs a command line in a child that prints to this process's output.</summary>
    /// <returns>The child's exit code.</returns>
    public static async Task<int> RunAsync(string[] arguments, IReadOnlyList<CollectorSetting> settings,
        CommandOutput output, CancellationToken cancellation)
    {
        using ToolProcess child = Start(arguments, settings, isRedirected: !output.IsOfProcess, redirectsErrors: !output.IsOfProcess);
        await using CancellationTokenRegistration stop = cancellation.Register(child.Interrupt);
        Task printed = output.IsOfProcess
            ? Task.CompletedTask
            : Task.WhenAll(PumpAsync(child.Process.StandardOutput, output.Out), PumpAsync(child.Process.StandardError, output.Errors));
        await child.Process.WaitForExitAsync(CancellationToken.None);
        await printed;
        return child.Process.ExitCode;
    }

    /// <summary>
    /// Starts a command line; the caller can read its standard output and, on request, its standard error.
    /// </summary>
    public static ToolProcess Start(string[] arguments, IReadOnlyList<CollectorSetting> settings, bool isRedirected, bool redirectsErrors)
    {
        string assembly = typeof(ToolProcess).Assembly.Location;
        string runtimeConfig = Path.Combine(Path.GetTempPath(), $"faststream-{Guid.NewGuid():N}.runtimeconfig.json");
        File.WriteAllText(runtimeConfig, WithSettings(File.ReadAllText(Path.ChangeExtension(assembly, ".runtimeconfig.json")), settings));
        var start = new ProcessStartInfo(Host(), ["exec", "--runtimeconfig", runtimeConfig, assembly, .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardOutput = isRedirected,
            RedirectStandardError = redirectsErrors,
        };
        foreach (string name in Overruling)
        {
            start.Environment.Remove("DOTNET_" + name);
            start.Environment.Remove("COMPlus_" + name);
        }

        foreach (CollectorSetting setting in settings.Where(each => each.IsVariable))
        {
            start.Environment[setting.Property] = setting.Value;
        }

        return new ToolProcess(Process.Start(start)!, runtimeConfig);
    }

    /// <summary>Returns a <c>runtimeconfig.json</c> with settings that replace its own.</summary>
    public static string WithSettings(string runtimeConfig, IReadOnlyList<CollectorSetting> settings)
    {
        JsonNode root = JsonNode.Parse(runtimeConfig)!;
        JsonObject options = root["runtimeOptions"]!.AsObject();
        JsonObject properties = options["configProperties"] as JsonObject ?? [];
        options["configProperties"] = properties;
        foreach (CollectorSetting setting in settings.Where(each => !each.IsVariable))
        {
            properties[setting.Property] = JsonNode.Parse(setting.Value);
        }

        return root.ToJsonString();
    }

    /// <summary>
    /// Asks the child to stop, as Ctrl-C does. Windows has no such call for one process: there the console itself asks
    /// all of its processes.
    /// </summary>
    public void Interrupt()
    {
        if (!OperatingSystem.IsWindows() && !Process.HasExited)
        {
            _ = Kill(Process.Id, InterruptSignal);
        }
    }

    /// <summary>Ends the child if it is still running.</summary>
    public void Dispose()
    {
        if (!Process.HasExited)
        {
            Process.Kill(entireProcessTree: true);
        }

        Process.Dispose();
        File.Delete(_runtimeConfig);
    }

    private static async Task PumpAsync(StreamReader from, TextWriter to)
    {
        while (await from.ReadLineAsync() is { } line)
        {
            await to.WriteLineAsync(line);
        }
    }

    // Finds the program that runs this one. A tool's own launcher cannot run another command line, but the runtime's
    // host is three folders above the runtime.
    private static string Host() => Environment.ProcessPath is { } own && Path.GetFileNameWithoutExtension(own) == "dotnet"
        ? own
        : Path.GetFullPath(
            Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", OperatingSystem.IsWindows()
                ? "dotnet.exe" : "dotnet"));

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int process, int signal);
}
