namespace FastStream.Cli;

/// <summary>A way to run the garbage collector, as a process is started with it.</summary>
/// <param name="Name">Its name on the command line.</param>
/// <param name="Settings">What <c>runtimeconfig.json</c> has for it, by names of properties.</param>
internal sealed record CollectorMode(string Name, IReadOnlyList<CollectorSetting> Settings)
{
    private static readonly CollectorMode[] Known =
    [
        new("workstation", [Server(false), Concurrent(true)]),
        new("workstation-nonconcurrent", [Server(false), Concurrent(false)]),
        new("server", [Server(true), Concurrent(true), Adaptive(true)]),
        new("server-nonconcurrent", [Server(true), Concurrent(false), Adaptive(true)]),
        new("server-fixed", [Server(true), Concurrent(true), Adaptive(false)]),
    ];

    /// <summary>The names, the default first.</summary>
    public static string[] Names { get; } = [.. Known.Select(mode => mode.Name)];

    /// <summary>The mode of a name that was checked.</summary>
    public static CollectorMode Named(string name) => Known.First(mode => mode.Name == name);

    /// <summary>The mode with one more setting.</summary>
    public CollectorMode With(string name, params CollectorSetting[] more) => new(name, [.. Settings, .. more]);

    private static CollectorSetting Server(bool value) => CollectorSetting.Switch("System.GC.Server", "ServerGarbageCollection", value);

    private static CollectorSetting Concurrent(bool value) => CollectorSetting.Switch("System.GC.Concurrent", "ConcurrentGarbageCollection", value);

    // DATAS: server collection that grows and shrinks its number of heaps with what lives. The default of .NET 9 and later.
    private static CollectorSetting Adaptive(bool value) => new("System.GC.DynamicAdaptationMode", value ? "1" : "0", "GarbageCollectionAdaptationMode");
}

/// <summary>One setting of the runtime, in the two places where it can stand.</summary>
/// <param name="Property">Its name in <c>runtimeconfig.json</c>.</param>
/// <param name="Value">Its value there, as JSON.</param>
/// <param name="ProjectProperty">Its name in a project; null where there is none.</param>
internal sealed record CollectorSetting(string Property, string Value, string? ProjectProperty)
{
    public static CollectorSetting Switch(string property, string projectProperty, bool value) => new(property, value ? "true" : "false", projectProperty);
}
