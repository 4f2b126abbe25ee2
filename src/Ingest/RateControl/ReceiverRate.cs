using FastStream.Runtime;

namespace FastStream;

/// <summary>
/// Makes the limiter that a context's options ask for, and lets it follow the batches where the rate adapts.
/// </summary>
internal static class ReceiverRate
{
    /// <summary>Makes the limiter of an input; null where there is neither a limit nor adaptation.</summary>
    public static RateLimiter? LimiterFor(SourceContext source)
    {
        StreamingOptions options = source.Options;
        if (options.Rate is { MaxRecordsPerSecond: 0, Adaptive: false, InitialRecordsPerSecond: 0 })
        {
            return null;
        }

        var limiter = new RateLimiter(options.Rate, options.TimeProvider);
        if (options.Rate.Adaptive)
        {
            source.StreamingContext.AddListener(
                new RateController(source.StreamId, new PidRateEstimator(options.BatchInterval, options.Rate), limiter.Update));
        }

        return limiter;
    }
}
