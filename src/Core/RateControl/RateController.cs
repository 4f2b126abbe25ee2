namespace FastStream;

/// <summary>Listens for completed batches, estimates how fast one input may take records, and publishes the rate.</summary>
/// <remarks>
/// The listeners' thread publishes the estimates, in batch order. Batches without records of the input change nothing.
/// </remarks>
public sealed class RateController : StreamingListener
{
    private readonly int _streamId;
    private readonly PidRateEstimator _estimator;
    private readonly Action<long> _publish;

    /// <summary>A controller for one input.</summary>
    /// <param name="streamId">Number of the input stream.</param>
    /// <param name="estimator">The estimator; used by this controller only.</param>
    /// <param name="publish">Receives every new rate, in whole records per second.</param>
    public RateController(int streamId, PidRateEstimator estimator, Action<long> publish)
    {
        ArgumentNullException.ThrowIfNull(estimator);
        ArgumentNullException.ThrowIfNull(publish);
        _streamId = streamId;
        _estimator = estimator;
        _publish = publish;
    }

    /// <inheritdoc/>
    public override void OnBatchCompleted(BatchInfo batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        if (batch.EndedAt is not { } ended || batch.ProcessingTime is not { } processing || batch.SchedulingDelay is not { } scheduling
            || batch.Inputs.FirstOrDefault(input => input.StreamId == _streamId) is not { } input)
        {
            return;
        }

        if (_estimator.Compute(ended.ToUnixTimeMilliseconds(), input.RecordCount, (long)processing.TotalMilliseconds,
            (long)scheduling.TotalMilliseconds) is { } rate)
        {
            _publish((long)rate);
        }
    }
}
