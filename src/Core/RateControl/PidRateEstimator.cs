namespace FastStream;

/// <summary>Estimates after every batch how many records per second an input may take for processing to keep up.</summary>
/// <remarks>
/// Spark's PID controller, formula for formula (its <c>PIDRateEstimator</c>, since 1.5): the set point is that
/// processing a batch takes one interval; the backlog in the scheduler's queue is the integral. Not thread safe: the
/// controller calls it in batch order.
/// </remarks>
public sealed class PidRateEstimator
{
    private readonly double _batchIntervalMs;
    private readonly RateOptions _options;
    private bool _isFirst = true;      // the first valid sample only sets the state
    private double _lastTimeMs = -1;
    private double _lastRate = -1;
    private double _lastError = -1;

    /// <summary>Makes an estimator.</summary>
    /// <param name="batchInterval">The batch interval, positive.</param>
    /// <param name="options">Weights and the least rate.</param>
    /// <exception cref="ArgumentOutOfRangeException">A weight is negative, or the interval or least rate not positive.</exception>
    public PidRateEstimator(TimeSpan batchInterval, RateOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(batchInterval, TimeSpan.Zero);
        options.Validate();
        _batchIntervalMs = batchInterval.TotalMilliseconds;
        _options = options;
    }

    /// <summary>Updates the estimate with the figures of one batch.</summary>
    /// <param name="timeMs">When its processing ended, in milliseconds since the epoch.</param>
    /// <param name="records">Its records from this input.</param>
    /// <param name="processingDelayMs">How long processing took, in milliseconds.</param>
    /// <param name="schedulingDelayMs">How long the batch waited for its turn, in milliseconds.</param>
    /// <returns>
    /// The new rate in records per second; null if the batch gives no information: it has no records, took no time, is
    /// not newer than the last, or is the first.
    /// </returns>
    public double? Compute(long timeMs, long records, long processingDelayMs, long schedulingDelayMs)
    {
        if (timeMs <= _lastTimeMs || records <= 0 || processingDelayMs <= 0)
        {
            return null;
        }

        double sinceLastSeconds = (timeMs - _lastTimeMs) / 1000;
        double processingRate = (double)records / processingDelayMs * 1000;
        double error = _lastRate - processingRate;
        double backlogError = schedulingDelayMs * processingRate / _batchIntervalMs;
        double errorChange = (error - _lastError) / sinceLastSeconds;
        double rate = Math.Max(
            _lastRate - (_options.Proportional * error) - (_options.Integral * backlogError) - (_options.Derivative * errorChange),
            _options.MinRecordsPerSecond);

        _lastTimeMs = timeMs;
        if (_isFirst)
        {
            _isFirst = false;
            _lastRate = processingRate;
            _lastError = 0;
            return null;
        }

        _lastRate = rate;
        _lastError = error;
        return rate;
    }
}
