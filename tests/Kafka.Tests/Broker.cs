using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace FastStream.Tests.Kafka;

/// <summary>
/// A real broker for the tests: the one that FASTSTREAM_KAFKA names, or one that is started here from the servers
/// beside the clone.
/// </summary>
public sealed class Broker : IDisposable
{
    private const string Address = "FASTSTREAM_KAFKA";
    private const string Folder = "FASTSTREAM_SERVERS";

    private readonly string? _directory;

    public Broker()
    {
        if (Environment.GetEnvironmentVariable(Address) is { Length: > 0 } given)
        {
            Servers = given;
        }
        else if (Script is not null)
        {
            _directory = Directory.CreateTempSubdirectory("faststream-kafka-").FullName;
            Servers = Run("up", _directory, "1", FreePort().ToString()).Trim();
        }
    }

    /// <summary>Why a test that needs a broker is left out; null where there is one.</summary>
    public static string? Missing => Environment.GetEnvironmentVariable(Address) is { Length: > 0 } || Script is not null
        ? null
        : $"needs a broker: set {Address}=host:port";

    /// <summary>Why a test that stops and starts brokers is left out; null where it can.</summary>
    public static string? CannotStart =>
        Script is null ? $"starts brokers of its own: set {Folder} to the folder that has the script kafka" : null;

    public string Servers { get; } = "";

    private static string? Script { get; } = Find();

    /// <summary>Runs a command of the script; gives what it printed.</summary>
    public static string Run(params string[] arguments)
    {
        var start = new ProcessStartInfo(Script!) { RedirectStandardOutput = true };
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? output : throw new InvalidOperationException($"{Script} {string.Join(' ', arguments)} ended with {process.ExitCode}.");
    }

    /// <summary>
    /// A port for the first of some nodes: those of all nodes are free, and below those that connections are given,
    /// which come and go.
    /// </summary>
    public static int FreePort(int nodes = 1)
    {
        while (true)
        {
            int first = Random.Shared.Next(20_000, 32_000);
            if (Enumerable.Range(0, nodes).All(node => IsFree(first + (10 * node)) && IsFree(first + (10 * node) + 1)))
            {
                return first;
            }
        }
    }

    private static bool IsFree(int port)
    {
        using var listener = new TcpListener(IPAddress.Loopback, port);
        try
        {
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    public void Dispose()
    {
        if (_directory is not null)
        {
            Run("down", _directory);
            Directory.Delete(_directory, recursive: true);
        }
    }

    // By the built tests' place: paths of source files are not real ones in builds of CI.
    private static string? Find()
    {
        DirectoryInfo? root = new(AppContext.BaseDirectory);
        while (root is not null && !File.Exists(Path.Combine(root.FullName, "FastStream.sln")))
        {
            root = root.Parent;
        }

        string? servers = Environment.GetEnvironmentVariable(Folder)
            ?? (root?.Parent is { } beside ? Path.Combine(beside.FullName, "shared", "servers") : null);
        string script = Path.Combine(servers ?? "", "kafka");
        return File.Exists(script) && HasJava() ? script : null;
    }

    private static bool HasJava() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Any(folder => File.Exists(Path.Combine(folder, "java")));
}

/// <summary>A test that needs a broker; left out, by its name, where there is none.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class BrokerFactAttribute : FactAttribute
{
    public BrokerFactAttribute() => Skip = Broker.Missing;
}

/// <summary>A test that needs a broker; left out, by its name, where there is none.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class BrokerTheoryAttribute : TheoryAttribute
{
    public BrokerTheoryAttribute() => Skip = Broker.Missing;
}

/// <summary>Tests that share one broker run one after another.</summary>
[CollectionDefinition(Name)]
public sealed class BrokerTests : ICollectionFixture<Broker>
{
    public const string Name = "broker";
}
