namespace FastStream;

public static partial class DStreamOperators
{
    /// <summary>One record for each window that has data, in one partition; nothing for an empty window.</summary>
    /// <example><code>var highest = numbers.ReduceByWindow((a, b) => Math.Max(a, b), length, slide);</code></example>
    /// <param name="stream">The stream.</param>
    /// <param name="reduce">Makes one record of two; associative. Must not change its arguments: they are used again.</param>
    /// <param name="length">How far the window reaches back: a positive multiple of the stream's slide.</param>
    /// <param name="slide">Time between two windows: a positive multiple of the stream's slide; default the stream's slide.</param>
    /// <exception cref="ArgumentException"><paramref name="length"/> or <paramref name="slide"/> is not a positive
    /// multiple of the stream's slide.</exception>
    public static DStream<T> ReduceByWindow<T>(this DStream<T> stream, Func<T, T, T> reduce, TimeSpan length, TimeSpan? slide = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return stream.Reduce(reduce).Window(length, slide).Reduce(reduce);
    }

    /// <summary>As the other overload, but incremental: the cost of a window does not grow with its length.</summary>
    /// <remarks>
    /// Records that may round (<see cref="double"/>, <see cref="float"/>, <see cref="Half"/>, <see cref="decimal"/>,
    /// and structs, tuples and classes that hold one) are reduced again from the batches in the window, and
    /// <paramref name="inverse"/> is not called: a record taken out by subtraction would leave its rounding error
    /// behind.
    /// </remarks>
    /// <example><code>var sums = numbers.ReduceByWindow((a, b) => a + b, (a, b) => a - b, length, slide);</code></example>
    /// <param name="stream">The stream.</param>
    /// <param name="reduce">Makes one record of two; associative and commutative. Must not change its arguments.</param>
    /// <param name="inverse">Takes a record out again that <paramref name="reduce"/> put in: inverse(reduce(a, b), b)
    /// is a.</param>
    /// <param name="length">How far the window reaches back: a positive multiple of the stream's slide.</param>
    /// <param name="slide">Time between two windows: a positive multiple of the stream's slide; default the stream's slide.</param>
    /// <exception cref="ArgumentException"><paramref name="length"/> or <paramref name="slide"/> is not a positive
    /// multiple of the stream's slide.</exception>
    public static DStream<T> ReduceByWindow<T>(this DStream<T> stream, Func<T, T, T> reduce, Func<T, T, T> inverse,
        TimeSpan length, TimeSpan? slide = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return stream.Reduce(reduce).Map(item => (Key: false, Value: item))
            .ReduceByKeyAndWindow(reduce, inverse, length, slide, partitions: 1).Map(pair => pair.Value);
    }
}
