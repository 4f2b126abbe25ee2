namespace FastStream.Testing;

/// <summary>The records of one stream of a <see cref="StreamScenario"/>, batch by batch.</summary>
/// <remarks>
/// Records are kept as they are: convert a <see cref="Utf8Text"/> of received bytes to a string before it is recorded.
/// </remarks>
/// <typeparam name="T">The record.</typeparam>
public sealed class RecordedOutput<T>
{
    private readonly Lock _lock = new();                                       // guards _byTime
    private readonly Dictionary<BatchTime, IReadOnlyList<T>> _byTime = [];
    private readonly StreamScenario _scenario;

    internal RecordedOutput(StreamScenario scenario, DStream<T> stream)
    {
        _scenario = scenario;
        stream.ForEachBatch((batch, time) =>
        {
            T[] records = batch.ToArray();
            lock (_lock)
            {
                _byTime[time] = records;
            }
        });
    }

    /// <summary>
    /// One entry for each batch interval that ran; null where the stream made no batch, or the batch failed before this
    /// output.
    /// </summary>
    public IReadOnlyList<IReadOnlyList<T>?> Batches => _scenario.BatchTimes.Select(At).ToArray();

    /// <summary>The records of one batch time; null where the stream made no batch.</summary>
    public IReadOnlyList<T>? At(BatchTime time)
    {
        lock (_lock)
        {
            return _byTime.GetValueOrDefault(time);
        }
    }
}
