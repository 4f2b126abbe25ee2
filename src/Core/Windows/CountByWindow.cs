namespace FastStream;

public static partial class DStreamOperators
{
    /// <summary>
    /// Exactly one number for each window, in one partition; 0 for an empty window, also before the first record (where
    /// Spark emits nothing).
    /// </summary>
    /// <example><code>lines.CountByWindow(length, slide).Print();</code></example>
    /// <param name="stream">The stream.</param>
    /// <param name="length">How far the window reaches back: a positive multiple of the stream's slide.</param>
    /// <param name="slide">Time between two windows: a positive multiple of the stream's slide; default the stream's slide.</param>
    /// <exception cref="ArgumentException"><paramref name="length"/> or <paramref name="slide"/> is not a positive
    /// multiple of the stream's slide.</exception>
    public static DStream<long> CountByWindow<T>(this DStream<T> stream, TimeSpan length, TimeSpan? slide = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        DStream<long> counts = stream.Count();
        // the count makes a record without input too, but a count of 0 changes no sum
        WindowSize size = WindowSize.Of(counts, length, slide) with { TakesMade = stream.MakesRecordsUpTo };
        return new SumStream(new WindowStream<long>(counts, size), "CountByWindow");
    }

    /// <summary>
    /// One pair for each different record of a window, with the number of times it occurs; nothing for an empty window.
    /// Incremental: the cost is that of the batches that leave and enter the window.
    /// </summary>
    /// <example><code>var words = lines.SplitWords().CountByValueAndWindow(length, slide).TopK(10, x => x.Value);</code></example>
    /// <param name="stream">The stream. Records are compared by their own equality; null counts as a value.</param>
    /// <param name="length">How far the window reaches back: a positive multiple of the stream's slide.</param>
    /// <param name="slide">Time between two windows: a positive multiple of the stream's slide; default the stream's slide.</param>
    /// <param name="partitions">Partitions of the result, 1 to 1024; default the context's.</param>
    /// <exception cref="ArgumentException"><paramref name="length"/> or <paramref name="slide"/> is not a positive
    /// multiple of the stream's slide, or records hold texts in classes or arrays.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="partitions"/> is out of its range.</exception>
    public static DStream<(T Key, long Value)> CountByValueAndWindow<T>(this DStream<T> stream, TimeSpan length,
        TimeSpan? slide = null, int? partitions = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return stream.CountByValue(partitions).ReduceByKeyAndWindow((a, b) => a + b, (a, b) => a - b, length, slide, partitions);
    }
}
