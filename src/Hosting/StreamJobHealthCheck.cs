using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace FastStream.Hosting;

/// <summary>
/// Reports a job's health: unhealthy if a failure has stopped it or a batch hangs, degraded if it is late or a receiver
/// is down.
/// </summary>
/// <param name="job">The job.</param>
/// <param name="options">Its thresholds.</param>
/// <param name="isLiveOnly">Whether only problems that a restart would fix count: stopped by a failure, or
/// hung.</param>
internal sealed class StreamJobHealthCheck(StreamJob job, IOptionsMonitor<StreamJobOptions> options, bool isLiveOnly) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(Check());

    private HealthCheckResult Check()
    {
        JobHealthOptions limits = options.Get(job.Name).Health;
        if (job.Context is not { } running)
        {
            return isLiveOnly
                ? HealthCheckResult.Healthy($"Job {job.Name} has not started yet.")
                    : HealthCheckResult.Unhealthy($"Job {job.Name} has not started yet.");
        }

        if (running.Completion.IsFaulted)
        {
            return HealthCheckResult.Unhealthy($"Job {job.Name} has failed.", running.Completion.Exception!.GetBaseException());
        }

        if (running.State != StreamingContextState.Active)
        {
            return isLiveOnly
                ? HealthCheckResult.Healthy($"Job {job.Name} is {running.State}.")
                    : HealthCheckResult.Unhealthy($"Job {job.Name} is {running.State}.");
        }

        var data = new Dictionary<string, object>
        {
            ["batches"] = running.Metrics.CompletedBatches,
            ["failedBatches"] = running.Metrics.FailedBatches,
            ["records"] = running.Metrics.ProcessedRecords,
        };
        if (job.Health.Running is { } batch && batch.Since > limits.HungAfter)
        {
            return HealthCheckResult
                .Unhealthy($"Job {job.Name}: batch {batch.Batch} has been running for {batch.Since}, longer than {limits.HungAfter}.",
                    data: data);
        }

        return isLiveOnly ? HealthCheckResult.Healthy($"Job {job.Name} runs.", data) : Ready(running, limits, data);
    }

    private HealthCheckResult Ready(StreamingContext running, JobHealthOptions limits, Dictionary<string, object> data)
    {
        if (job.Health.Last?.TotalDelay is { } delay)
        {
            data["totalDelayMs"] = delay.TotalMilliseconds;
            if (delay > limits.DegradedDelayIntervals * running.Options.BatchInterval)
            {
                return HealthCheckResult.Degraded(
                    $"Job {job.Name} is late: its last batch took {delay} from submission to end, and a batch comes "
                        + $"every {running.Options.BatchInterval}.", data: data);
            }
        }

        ReceiverInfo[] down = [.. job.Health.Down];
        return down.Length > 0 && limits.DegradedWhenReceiverIsDown
            ? HealthCheckResult.Degraded(
                $"Job {job.Name}: "
                + $"{string.Join("; ", down.Select(receiver => $"{receiver.Name} is down ({receiver.LastErrorMessage ?? "no error"})"))}.",
                data: data)
            : HealthCheckResult.Healthy($"Job {job.Name} runs.", data);
    }
}
