using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace FastStream.Hosting;

/// <summary>Starts a job with the host and stops it with the host: gracefully within the shutdown time-out, then at once.</summary>
internal sealed class StreamJobService(
    StreamJob job, IServiceProvider services, IOptionsMonitor<StreamingOptions> options,
    IOptionsMonitor<StreamJobOptions> jobOptions, ILoggerFactory loggers, IHostApplicationLifetime lifetime)
    : IHostedService, IAsyncDisposable
{
    private readonly ILogger _logger = loggers.CreateLogger("FastStream");
    private LoggingListener? _log;
    private StreamingContext? _context;
    private volatile bool _isStopping;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        StreamingOptions settings = options.Get(job.Name);
        var context = new StreamingContext(settings);
        _context = context;
        _log = new LoggingListener(_logger, job.Name, jobOptions.Get(job.Name).SummaryInterval, settings.TimeProvider);
        context.AddListener(_log);
        context.AddListener(job.Health);
        job.DescribeStreams(context, services);
        await context.StartAsync(cancellationToken).ConfigureAwait(false);
        job.SetStarted(context);
        _logger.JobStarted(job.Name, context.Options.BatchInterval, context.Options.Partitions, context.ZeroTime.ToDateTimeOffset());
        _ = context.Completion.ContinueWith(OnCompleted, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        _isStopping = true;
        if (_context is not { } context)
        {
            return;
        }

        using (cancellationToken.UnsafeRegister(static service => ((StreamJobService)service!).WarnOfStopAtOnce(), this))
        {
            await context.StopAsync(StopMode.Graceful, cancellationToken).ConfigureAwait(false);
        }

        _logger.JobStopped(job.Name);
    }

    public async ValueTask DisposeAsync()
    {
        if (_context is not null)
        {
            await _context.DisposeAsync().ConfigureAwait(false);
        }

        _log?.Dispose();
    }

    private void WarnOfStopAtOnce() => _logger.JobStopsAtOnce(job.Name);

    private void OnCompleted(Task completion)
    {
        if (!completion.IsFaulted)
        {
            return;
        }

        _logger.JobFailed(job.Name, completion.Exception!.GetBaseException());
        if (!_isStopping && jobOptions.Get(job.Name).OnFailure == JobFailurePolicy.StopApplication)
        {
            Environment.ExitCode = Environment.ExitCode == 0 ? 1 : Environment.ExitCode;
            lifetime.StopApplication();
        }
    }
}
