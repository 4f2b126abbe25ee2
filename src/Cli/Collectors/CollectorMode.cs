namespace FastStream.Cli;

/// <summary>A mode of the garbage collector, set when a process starts.</summary>
/// <param name="Name">Its name on the command line.</param>
/// <param name="Settings">Its settings in <c>runtimeconfig.json</c>, by property name.</param>
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

    private static readonly CollectorMode[] Tried =
    [
        .. Known,
        Named("workstation").With("workstation, gen0 64 MB", CollectorSetting.OfVariable("GCgen0size", "4000000")),
        Named("workstation").With("workstation, conserve 5", new CollectorSetting("System.GC.ConserveMemory", "5", null)),
        Named("workstation").With("workstation, no PGO", CollectorSetting.Switch("System.Runtime.TieredPGO", "TieredPGO", false)),
    ];

    /// <summary>What `faststream gc` compares: the modes, and the default mode with one setting changed.</summary>
    public static IReadOnlyList<CollectorMode> Compared => Tried;

    /// <summary>The names, the default first.</summary>
    public static string[] Names { get; } = [.. Known.Select(mode => mode.Name)];

    /// <summary>Returns the mode with a name, which must exist.</summary>
    public static CollectorMode Named(string name) => Known.First(mode => mode.Name == name);

    /// <summary>Returns the mode with one more setting.</summary>
    public CollectorMode With(string name, CollectorSetting more) => new(name, [.. Settings, more]);

    /// <summary>Returns the lines for a project file.</summary>
    public IEnumerable<string> ProjectLines()
    {
        yield return "<PropertyGroup>";
        foreach (CollectorSetting setting in Settings.Where(each => each.ProjectProperty is not null))
        {
            yield return $"  <{setting.ProjectProperty}>{setting.Value}</{setting.ProjectProperty}>";
        }

        yield return "</PropertyGroup>";
        foreach (CollectorSetting setting in Settings.Where(each => each is { ProjectProperty: null, IsVariable: false }))
        {
            yield return $"<ItemGroup><RuntimeHostConfigurationOption Include=\"{setting.Property}\" "
                + $"Value=\"{setting.Value}\" /></ItemGroup>";
        }
    }

    /// <summary>
    /// Returns the lines for <c>configProperties</c> in <c>runtimeconfig.json</c> or
    /// <c>runtimeconfig.template.json</c>.
    /// </summary>
    public IEnumerable<string> RuntimeLines()
    {
        CollectorSetting[] properties = [.. Settings.Where(setting => !setting.IsVariable)];
        yield return "\"configProperties\": {";
        for (int index = 0; index < properties.Length; index++)
        {
            yield return $"  \"{properties[index].Property}\": {properties[index].Value}{(index < properties.Length - 1 ? "," : "")}";
        }

        yield return "}";
    }

    /// <summary>Returns environment variables, for settings that can be set nowhere else.</summary>
    public IEnumerable<string> VariableLines() =>
        Settings.Where(setting => setting.IsVariable).Select(setting => $"export {setting.Property}={setting.Value}");

    private static CollectorSetting Server(bool value) => CollectorSetting.Switch("System.GC.Server", "ServerGarbageCollection", value);

    private static CollectorSetting Concurrent(bool value) =>
        CollectorSetting.Switch("System.GC.Concurrent", "ConcurrentGarbageCollection", value);

    // DATAS: a server collector that adapts its number of heaps to the live data. The default of .NET 9 and later.
    private static CollectorSetting Adaptive(bool value) =>
        new("System.GC.DynamicAdaptationMode", value ? "1" : "0", "GarbageCollectionAdaptationMode");
}

/// <summary>One runtime setting, in each place where it can be set.</summary>
/// <param name="Property">Its name in <c>runtimeconfig.json</c>.</param>
/// <param name="Value">Its value there, as JSON.</param>
/// <param name="ProjectProperty">Its name in a project file; null where there is none.</param>
internal sealed record CollectorSetting(string Property, string Value, string? ProjectProperty)
{
    /// <summary>Whether it is an environment variable, without a name in <c>runtimeconfig.json</c>.</summary>
    public bool IsVariable { get; private init; }

    /// <summary>Makes an environment variable of the runtime; its numbers are hexadecimal.</summary>
    public static CollectorSetting OfVariable(string name, string value) => new("DOTNET_" + name, value, null) { IsVariable = true };

    public static CollectorSetting Switch(string property, string projectProperty, bool value) =>
        new(property, value ? "true" : "false", projectProperty);
}
