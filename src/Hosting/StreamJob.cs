namespace FastStream.Hosting;

/// <summary>A job of the host: its name, and its context while it runs and after.</summary>
/// <remarks>Safe from any thread.</remarks>
public sealed class StreamJob
{
    private readonly TaskCompletionSource<StreamingContext> _started = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal StreamJob(string name, Action<StreamingContext, IServiceProvider> describe, TimeProvider clock)
    {
        Name = name;
        DescribeStreams = describe;
        Health = new JobHealth(clock);
    }

    /// <summary>The job's name.</summary>
    public string Name { get; }

    /// <summary>The context; null before the host has started the job.</summary>
    public StreamingContext? Context => _started.Task.IsCompletedSuccessfully ? _started.Task.Result : null;

    /// <summary>The context, once the host has started the job.</summary>
    public Task<StreamingContext> Started => _started.Task;

    internal Action<StreamingContext, IServiceProvider> DescribeStreams { get; }

    internal JobHealth Health { get; }

    internal void SetStarted(StreamingContext context) => _started.TrySetResult(context);
}

/// <summary>The jobs of a host, by name; get it from dependency injection.</summary>
public sealed class StreamJobs(IEnumerable<StreamJob> jobs) : IReadOnlyCollection<StreamJob>
{
    private readonly StreamJob[] _jobs = [.. jobs];

    /// <inheritdoc/>
    public int Count => _jobs.Length;

    /// <summary>The job with a name.</summary>
    /// <exception cref="KeyNotFoundException">No job has that name; the message lists the jobs that exist.</exception>
    public StreamJob this[string name] => _jobs.FirstOrDefault(job => job.Name == name)
        ?? throw new KeyNotFoundException(
            $"No job is named \"{name}\"; there are: {string.Join(", ", _jobs.Select(job => job.Name))}. Add it by "
            + $"services.AddFastStream(\"{name}\", …).");

    /// <inheritdoc/>
    public IEnumerator<StreamJob> GetEnumerator() => ((IEnumerable<StreamJob>)_jobs).GetEnumerator();

    System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();
}
