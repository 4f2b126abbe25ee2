using System.Collections.Concurrent;
using FastStream.Hosting;
using Microsoft.AspNetCore.Http;

namespace FastStream.Dashboard;

/// <summary>The jobs that a dashboard shows, and its viewers.</summary>
internal sealed class DashboardJobs(DashboardOptions options)
{
    private readonly ConcurrentDictionary<StreamingContext, JobRecorder> _recorders = [];
    private int _viewers;

    public DashboardOptions Options { get; } = options;

    public AccessFilter Access { get; } = new(options);

    /// <summary>All jobs, by name.</summary>
    public IEnumerable<JobRecorder> Jobs => _recorders.Values.OrderBy(job => job.Name, StringComparer.Ordinal);

    /// <summary>Shows a context's batches from now on.</summary>
    public void Add(StreamingContext context, string name)
    {
        var recorder = new JobRecorder(context, name, Options.History);
        if (_recorders.TryAdd(context, recorder))
        {
            context.AddListener(recorder);
        }
    }

    /// <summary>Shows each job of a host when it has started.</summary>
    public void AddAll(StreamJobs jobs)
    {
        foreach (StreamJob job in jobs)
        {
            _ = job.Started.ContinueWith(
                started => Add(started.Result, job.Name), CancellationToken.None,
                TaskContinuationOptions.OnlyOnRanToCompletion | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }

    public JobRecorder? Find(string name) => _recorders.Values.FirstOrDefault(job => job.Name == name);

    /// <summary>Takes a place for a viewer; false if all are taken.</summary>
    public bool TryEnter()
    {
        if (Interlocked.Increment(ref _viewers) <= Options.MaxViewers)
        {
            return true;
        }

        Interlocked.Decrement(ref _viewers);
        return false;
    }

    public void Leave() => Interlocked.Decrement(ref _viewers);
}
