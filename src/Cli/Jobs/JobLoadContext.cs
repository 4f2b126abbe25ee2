using System.Reflection;
using System.Runtime.Loader;

namespace FastStream.Cli;

/// <summary>
/// Loads a job's assembly and its dependencies, and unloads them when nothing of the job is used any more.
/// </summary>
/// <remarks>
/// FastStream, and the assemblies in its public signatures, are the tool's own, so that the job's
/// <see cref="IStreamJob"/> is the tool's. Everything else is the job's: it is found by the <c>.deps.json</c> beside
/// the assembly, or in its directory, whatever version the tool itself uses.
/// </remarks>
internal sealed class JobLoadContext(string path) : AssemblyLoadContext(Path.GetFileNameWithoutExtension(path), isCollectible: true)
{
    private static readonly HashSet<string> Shared = new(StringComparer.Ordinal)
    {
        "CommunityToolkit.HighPerformance", "FastStream.Core", "FastStream.Dashboard", "FastStream.Hosting", "FastStream.Ingest",
    };

    private readonly AssemblyDependencyResolver _resolver = new(path);

    protected override Assembly? Load(AssemblyName assemblyName) =>
        Shared.Contains(assemblyName.Name ?? "") || _resolver.ResolveAssemblyToPath(assemblyName) is not { } found
            ? null : LoadFromAssemblyPath(found);

    protected override nint LoadUnmanagedDll(string unmanagedDllName) =>
        _resolver.ResolveUnmanagedDllToPath(unmanagedDllName) is { } found ? LoadUnmanagedDllFromPath(found) : 0;
}
