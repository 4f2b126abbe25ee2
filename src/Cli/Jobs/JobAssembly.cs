using System.Reflection;

namespace FastStream.Cli;

/// <summary>
/// The jobs of an assembly. After <see cref="Dispose"/> the assembly unloads once none of its objects is reachable.
/// </summary>
internal sealed class JobAssembly : IDisposable
{
    private readonly JobLoadContext _context;
    private readonly string _file;
    private readonly Type[] _jobs;

    private JobAssembly(JobLoadContext context, string file, Type[] jobs)
    {
        _context = context;
        _file = file;
        _jobs = jobs;
    }

    /// <summary>Loads an assembly and finds its jobs.</summary>
    /// <exception cref="CommandException">The file does not exist, is not an assembly, was built for another
    /// FastStream, or has no job.</exception>
    public static JobAssembly Load(string file)
    {
        if (!File.Exists(file))
        {
            throw new CommandException(
                $"{file} is not there; an assembly with a class that implements IStreamJob is expected. Build it "
                + "first, or give its project.");
        }

        string path = Path.GetFullPath(file);
        var context = new JobLoadContext(path);
        try
        {
            Assembly assembly = context.LoadFromAssemblyPath(path);
            CheckVersion(assembly, file);
            Type[] jobs = [.. assembly.GetTypes().Where(IsJob).OrderBy(type => type.FullName, StringComparer.Ordinal)];
            return jobs.Length > 0
                ? new JobAssembly(context, file, jobs)
                : throw new CommandException(
                    $"{file} has no class that implements IStreamJob; one with a constructor without parameters is "
                    + "expected, such as `sealed class MyJob : IStreamJob`.");
        }
        catch (BadImageFormatException error)
        {
            context.Unload();
            throw new CommandException($"{file} is no .NET assembly; a .dll that `dotnet build` made is expected.", innerException: error);
        }
        catch (ReflectionTypeLoadException error)
        {
            context.Unload();
            throw new CommandException(
                $"{file} cannot be loaded: {error.LoaderExceptions.FirstOrDefault()?.Message} What it needs is "
                + "expected beside it; `dotnet publish` puts it there.", innerException: error);
        }
        catch (CommandException)
        {
            context.Unload();
            throw;
        }
    }

    /// <summary>Makes the assembly's only job, or the one with a name.</summary>
    /// <param name="name">The class's name, with or without its namespace; null where the assembly has only one
    /// job.</param>
    /// <exception cref="CommandException">No job or several have that name, or its constructor failed.</exception>
    public IStreamJob Make(string? name)
    {
        Type[] found = name is null ? _jobs : [.. _jobs.Where(type => type.FullName == name || type.Name == name)];
        if (found is not [var type])
        {
            string names = string.Join(", ", (found.Length > 0 ? found : _jobs).Select(each => each.FullName));
            throw new CommandException(name is null
                ? $"{_file} has {found.Length} jobs: {names}. Choose one by --class."
                : $"{_file} has {(found.Length == 0 ? "no job" : $"{found.Length} jobs")} named {name}; --class is "
                    + $"expected to be one of: {names}.");
        }

        if (type.GetConstructor(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic, []) is not { } constructor)
        {
            throw new CommandException($"{type.FullName} has no constructor without parameters, which a job that the tool makes needs.");
        }

        try
        {
            return (IStreamJob)constructor.Invoke([]);
        }
        catch (TargetInvocationException error)
        {
            throw new CommandException($"The constructor of {type.FullName} failed: {error.InnerException?.Message}",
                ExitCode.Failed, error);
        }
    }

    public void Dispose() => _context.Unload();

    private static bool IsJob(Type type) =>
        type is { IsClass: true, IsAbstract: false, ContainsGenericParameters: false } && type.IsAssignableTo(typeof(IStreamJob));

    private static void CheckVersion(Assembly assembly, string file)
    {
        AssemblyName own = typeof(IStreamJob).Assembly.GetName();
        AssemblyName wanted = assembly.GetReferencedAssemblies().FirstOrDefault(each => each.Name == own.Name)
            ?? throw new CommandException(
                $"{file} does not use FastStream.Core, so that no class in it implements IStreamJob; the job's assembly is expected.");
        if (wanted.Version?.Major != own.Version?.Major || wanted.Version?.Minor != own.Version?.Minor)
        {
            throw new CommandException(
                $"{file} was built with FastStream {wanted.Version}; this tool runs jobs of {own.Version}. Install "
                + "the tool in the job's version, or build the job with this one.");
        }
    }
}
