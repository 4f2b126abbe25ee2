namespace FastStream;

/// <summary>Makes the limiter that a context's options ask for, and has it follow the batches where they are to adapt.</summary>
internal static class ReceiverRate
{
    /// <summary>The limiter of an input; null where there is neither a limit nor adaptation.</summary>
    public static RateLimiter? LimiterFor(DStream stream)
    {
        StreamingOptions options = stream.Context.Options;
        if (options.Rate is { MaxRecordsPerSecond: 0, Adaptive: false, InitialRecordsPerSecond: 0 })
        {
            return null;
        }

        var limiter = new RateLimiter(options.Rate, options.TimeProvider);
        if (options.Rate.Adaptive)
        {
            stream.Context.AddListener(
                new RateController(stream.Id, new PidRateEstimator(options.BatchInterval, options.Rate), limiter.Update));
        }

        return limiter;
    }
}
