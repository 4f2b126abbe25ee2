using Microsoft.Extensions.Logging;

namespace FastStream.Hosting;

/// <summary>
/// What a job writes to the log. Event ids do not change from version to version; docs/guide/running.md lists them.
/// </summary>
internal static partial class JobLog
{
    [LoggerMessage(1, LogLevel.Information, "Job {Job} has started: a batch every {Interval}, {Partitions} "
        + "partitions, first batch after {ZeroTime:O}.")]
    public static partial void JobStarted(this ILogger logger, string job, TimeSpan interval, int partitions, DateTimeOffset zeroTime);

    [LoggerMessage(2, LogLevel.Information, "Job {Job} has stopped.")]
    public static partial void JobStopped(this ILogger logger, string job);

    [LoggerMessage(3, LogLevel.Critical, "Job {Job} has failed and runs no batch any more.")]
    public static partial void JobFailed(this ILogger logger, string job, Exception? error);

    [LoggerMessage(4, LogLevel.Warning, "Job {Job} did not stop gracefully within the host's shutdown time-out; it "
        + "is stopped at once, and received data that were not processed are dropped.")]
    public static partial void JobStopsAtOnce(this ILogger logger, string job);

    [LoggerMessage(10, LogLevel.Debug, "Job {Job}, batch {Batch:O}: {Records} records in {ProcessingTime}, total delay {TotalDelay}.")]
    public static partial void BatchCompleted(this ILogger logger, string job, DateTimeOffset batch, long records,
        TimeSpan? processingTime, TimeSpan? totalDelay);

    [LoggerMessage(11, LogLevel.Error, "Job {Job}, batch {Batch:O} failed in {Operator}.")]
    public static partial void BatchFailed(this ILogger logger, string job, DateTimeOffset batch, string? @operator, Exception? error);

    [LoggerMessage(12, LogLevel.Information, "Job {Job}: {Batches} batches with {Records} records in the last "
        + "{Interval}, {Failed} of them failed; the longest total delay was {LongestDelay}.")]
    public static partial void Summary(this ILogger logger, string job, long batches, long records, TimeSpan interval,
        long failed, TimeSpan longestDelay);

    [LoggerMessage(20, LogLevel.Information, "Job {Job}: receiver {Stream} has started.")]
    public static partial void ReceiverStarted(this ILogger logger, string job, string stream);

    [LoggerMessage(21, LogLevel.Warning, "Job {Job}: receiver {Stream} reports an error: {Message}")]
    public static partial void ReceiverError(this ILogger logger, string job, string stream, string? message, Exception? error);

    [LoggerMessage(22, LogLevel.Information, "Job {Job}: receiver {Stream} has stopped.")]
    public static partial void ReceiverStopped(this ILogger logger, string job, string stream);

    [LoggerMessage(30, LogLevel.Warning, "Job {Job}: {Message}")]
    public static partial void Warning(this ILogger logger, string job, string message, Exception? error);
}
