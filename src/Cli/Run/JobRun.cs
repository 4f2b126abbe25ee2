using System.Runtime.CompilerServices;

namespace FastStream.Cli;

/// <summary>One run of a job from a user's assembly, from loading to the stop.</summary>
internal static class JobRun
{
    /// <summary>Runs until the job stops, its time is over, or it is cancelled, which stops it gracefully.</summary>
    /// <returns>A reference by which the caller can see whether the job's assembly was unloaded.</returns>
    /// <exception cref="CommandException">The job cannot be found, made or described.</exception>
    /// <exception cref="StreamingException">A batch failed.</exception>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static async Task<WeakReference> RunAsync(RunOptions options, string file, RunView view, CancellationToken cancellation)
    {
        using JobAssembly assembly = JobAssembly.Load(file);
        IStreamJob job = assembly.Make(options.ClassName);
        string name = job.GetType().Name;
        await using StreamingContext context = Describe(job, options.ToStreamingOptions(name));
        await RunAsync(context, options.Duration, options.DashboardPort, view, cancellation);
        return new WeakReference(job.GetType().Assembly);
    }

    /// <summary>Runs a described context until it stops, its time is over, or it is cancelled.</summary>
    public static async Task RunAsync(StreamingContext context, TimeSpan? duration, int? dashboardPort, RunView view,
        CancellationToken cancellation)
    {
        string name = context.Options.Name;
        context.AddListener(view);
        await using DashboardServer? dashboard = dashboardPort is { } port ? await context.UseDashboardAsync(port) : null;
        view.Begin(name, dashboard?.Address);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Start(context, name);
        if (duration is { } time)
        {
            stop.CancelAfter(time);   // counted from here, so that a slow start of the program does not shorten it
        }

        try
        {
            await context.RunAsync(stop.Token);
        }
        finally
        {
            await context.DisposeAsync();   // the last events have arrived then
            view.End();
        }
    }

    /// <summary>Makes a context with the job's streams and outputs; does not start it.</summary>
    public static StreamingContext Describe(IStreamJob job, StreamingOptions options)
    {
        try
        {
            var context = new StreamingContext(options);
            Describe(job, context);
            return context;
        }
        catch (ArgumentException error)
        {
            throw new CommandException(error.Message, innerException: error);
        }
    }

    /// <summary>Lets a job describe itself.</summary>
    /// <exception cref="CommandException">The job failed, or described no output.</exception>
    public static void Describe(IStreamJob job, StreamingContext context)
    {
        string name = job.GetType().Name;
        try
        {
            job.Describe(context);
        }
        catch (Exception error)
        {
            throw new CommandException($"{name} failed while it described its streams: {error.Message}", ExitCode.Failed, error);
        }

        if (context.Outputs.Count == 0)
        {
            throw new CommandException(
                $"{name} describes no output, so that nothing would run; an output such as Print or ForEachBatch is expected.",
                ExitCode.Failed);
        }
    }

    private static void Start(StreamingContext context, string name)
    {
        try
        {
            context.Start();
        }
        catch (Exception error) when (error is not StreamingException)
        {
            throw new CommandException($"{name} does not start: {error.Message}", ExitCode.Failed, error);
        }
    }
}
