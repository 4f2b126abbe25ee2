namespace FastStream.Cli;

/// <summary>The job to measure; it is described anew for each step.</summary>
internal abstract class TunedJob : IDisposable
{
    public abstract string Name { get; }

    /// <summary>Describes streams and outputs; returns the feed, where the tool sends the records.</summary>
    public abstract Feed? Describe(StreamingContext context);

    public virtual void Dispose() => GC.SuppressFinalize(this);
}

/// <summary>A built-in workload.</summary>
internal sealed class WorkloadJob(Workload workload, string source, int recordsPerSecond) : TunedJob
{
    private readonly byte[][] _lines = workload.MakeLines();

    public override string Name => $"{workload.Name} from {source}";

    public override Feed? Describe(StreamingContext context)
    {
        Feed feed = Feed.Of(source, _lines, recordsPerSecond);
        workload.Describe(feed.Describe(context));
        return feed;
    }
}

/// <summary>A job from a user's assembly, with its own sources.</summary>
internal sealed class AssemblyJob : TunedJob
{
    private readonly JobAssembly _assembly;
    private readonly string? _className;
    private readonly TextWriter _console = Console.Out;

    public AssemblyJob(JobAssembly assembly, string? className)
    {
        _assembly = assembly;
        _className = className;
        Name = assembly.Make(className).GetType().Name;

        // The job's output to a terminal would cost time, which it does not in production, and mix with the table.
        Console.SetOut(TextWriter.Null);
    }

    public override string Name { get; }

    public override Feed? Describe(StreamingContext context)
    {
        JobRun.Describe(_assembly.Make(_className), context);
        return null;
    }

    public override void Dispose()
    {
        Console.SetOut(_console);
        _assembly.Dispose();
        base.Dispose();
    }
}
