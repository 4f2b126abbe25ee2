namespace FastStream;

public static partial class DStreamOperators
{
    /// <summary>
    /// The stream itself: a stream with several consumers runs only once in any case, and passes each span to all of
    /// them. Programs ported from Spark can keep their call; to read batches later, use
    /// <see cref="DStreamOperators.Remember"/>.
    /// </summary>
    /// <example><code>var errors = lines.Filter(IsError).Cache();   // the filter runs once, with or without Cache
    /// errors.Count().Print(); errors.SaveAsTextFiles("errors");</code></example>
    public static DStream<T> Cache<T>(this DStream<T> stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return stream;
    }
}
