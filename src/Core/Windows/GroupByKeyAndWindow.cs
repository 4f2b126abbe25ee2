namespace FastStream;

public static partial class DStreamOperators
{
    /// <summary>
    /// One pair for each key that has data in the window, with the key's values: oldest batch first, and within a batch
    /// in the order of partitions and arrival.
    /// </summary>
    /// <example><code>var medians = pairs.GroupByKeyAndWindow(length, slide).MapValues(values => Median(values.Span));</code></example>
    /// <param name="stream">The pairs.</param>
    /// <param name="length">How far the window reaches back: a positive multiple of the stream's slide.</param>
    /// <param name="slide">Time between two windows: a positive multiple of the stream's slide; default the stream's slide.</param>
    /// <param name="partitions">Partitions of the result, 1 to 1024; default the context's.</param>
    /// <exception cref="ArgumentException"><paramref name="length"/> or <paramref name="slide"/> is not a positive
    /// multiple of the stream's slide.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="partitions"/> is out of its range.</exception>
    public static DStream<(TKey Key, Group<TValue> Value)> GroupByKeyAndWindow<TKey, TValue>(
        this DStream<(TKey Key, TValue Value)> stream, TimeSpan length, TimeSpan? slide = null, int? partitions = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return stream.PartitionBy(partitions).Window(length, slide).GroupByKey(partitions);
    }
}
