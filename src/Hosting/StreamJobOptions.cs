namespace FastStream.Hosting;

/// <summary>What the host does when a failure has stopped a job's context.</summary>
public enum JobFailurePolicy
{
    /// <summary>
    /// The application stops, with exit code 1 if none is set, so that an orchestrator starts it again. The default.
    /// </summary>
    StopApplication,

    /// <summary>The application continues without the job, whose health check is unhealthy from then on.</summary>
    Degrade,
}

/// <summary>
/// The host's settings for a job, in addition to the context's own <see cref="StreamingOptions"/>. They are bound to
/// the same configuration section, and named after the job.
/// </summary>
public sealed class StreamJobOptions
{
    /// <summary>
    /// What the host does when the job fails; default <see cref="JobFailurePolicy.StopApplication"/>.
    /// </summary>
    public JobFailurePolicy OnFailure { get; set; } = JobFailurePolicy.StopApplication;

    /// <summary>
    /// Time between two log lines that summarise the batches since the last one: more than 0; default 1 minute.
    /// <see cref="Timeout.InfiniteTimeSpan"/> for none.
    /// </summary>
    public TimeSpan SummaryInterval { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>When the job counts as unhealthy or degraded.</summary>
    public JobHealthOptions Health { get; set; } = new();

    internal IEnumerable<string> Problems()
    {
        if (!Enum.IsDefined(OnFailure))
        {
            yield return $"{nameof(OnFailure)} is {OnFailure}; StopApplication or Degrade is expected";
        }

        if (SummaryInterval <= TimeSpan.Zero && SummaryInterval != Timeout.InfiniteTimeSpan)
        {
            yield return $"{nameof(SummaryInterval)} is {SummaryInterval}; more than 0 is expected, or "
                + "Timeout.InfiniteTimeSpan for no summary";
        }

        foreach (string problem in Health.Problems())
        {
            yield return problem;
        }
    }
}

/// <summary>The thresholds of a job's health checks.</summary>
public sealed class JobHealthOptions
{
    /// <summary>
    /// The job is degraded while the last batch's total delay is more than this number of batch intervals: more than 0;
    /// default 10.
    /// </summary>
    public double DegradedDelayIntervals { get; set; } = 10;

    /// <summary>
    /// The job is unhealthy while a batch has been running for longer than this: more than 0; default 1 minute.
    /// </summary>
    public TimeSpan HungAfter { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Whether the job is degraded while a receiver is down; default yes.</summary>
    public bool DegradedWhenReceiverIsDown { get; set; } = true;

    internal IEnumerable<string> Problems()
    {
        if (!(DegradedDelayIntervals > 0))
        {
            yield return $"{nameof(JobHealthOptions)}.{nameof(DegradedDelayIntervals)} is {DegradedDelayIntervals}; "
                + "more than 0 is expected";
        }

        if (HungAfter <= TimeSpan.Zero)
        {
            yield return $"{nameof(JobHealthOptions)}.{nameof(HungAfter)} is {HungAfter}; more than 0 is expected";
        }
    }
}
