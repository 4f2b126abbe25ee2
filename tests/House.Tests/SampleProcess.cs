using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;

namespace FastStream.Tests.House;

/// <summary>A sample as a process of its own, with what it prints.</summary>
internal sealed class SampleProcess : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);   // where something hangs the test fails, and the others go on

    private readonly Process _process;
    private readonly StringBuilder _output = new();

    public SampleProcess(string assembly, params string[] arguments)
    {
        // A shell gives what it starts in the background an interrupt that is ignored, and processes of processes inherit that.
        bool isLinux = OperatingSystem.IsLinux();
        var start = new ProcessStartInfo(isLinux ? "env" : "dotnet", isLinux ? ["--default-signal=INT", "dotnet"] : [])
            { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, assembly + ".dll"));
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["DOTNET_EnableDiagnostics"] = "0";   // a killed process would leave its pipes in the temporary directory
        _process = Process.Start(start)!;
    }

    public string Output => _output.ToString();

    /// <summary>What it printed on the error output; known when it has ended.</summary>
    public string Errors { get; private set; } = "";

    /// <summary>Reads until a line comes that is accepted; fails with what was printed when the program ends before.</summary>
    public async Task<string> ReadUntilAsync(Func<string, bool> isAwaited)
    {
        while (await _process.StandardOutput.ReadLineAsync().WaitAsync(Patience) is { } line)
        {
            _output.Append(line).Append('\n');
            if (isAwaited(line))
            {
                return line;
            }
        }

        throw new InvalidOperationException(
            $"The program ended before the awaited line. It printed:\n{Output}\n{await _process.StandardError.ReadToEndAsync()}");
    }

    /// <summary>Asks as Ctrl-C does.</summary>
    public void Interrupt() => Assert.Equal(0, Kill(_process.Id, 2));

    /// <summary>Asks as kill, systemctl stop and docker stop do.</summary>
    public void Terminate() => Assert.Equal(0, Kill(_process.Id, 15));

    /// <summary>Ends it as kill -9 does.</summary>
    public Task KillAsync()
    {
        _process.Kill();
        return _process.WaitForExitAsync().WaitAsync(Patience);
    }

    /// <summary>Reads the rest and gives the exit code.</summary>
    public async Task<int> WaitAsync()
    {
        _output.Append(await _process.StandardOutput.ReadToEndAsync().WaitAsync(Patience));
        Errors = await _process.StandardError.ReadToEndAsync().WaitAsync(Patience);
        await _process.WaitForExitAsync().WaitAsync(Patience);
        return _process.ExitCode;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
    }

    /// <summary>A peer that waits on loopback for the program to connect, as <c>nc -lk</c> does.</summary>
    public static TcpListener Listen(out int port)
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        port = ((IPEndPoint)listener.LocalEndpoint).Port;
        return listener;
    }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int process, int signal);
}
