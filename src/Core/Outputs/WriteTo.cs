namespace FastStream;

public static partial class DStreamOperators
{
    /// <summary>
    /// Passes every batch of the stream, also an empty one, to a sink, which is opened before the first batch and
    /// closed after the last.
    /// </summary>
    /// <example><code>orders.WriteTo(new OrderTable());</code></example>
    /// <param name="stream">The stream.</param>
    /// <param name="sink">The sink; no other output may use it.</param>
    /// <param name="operatorName">The word for the output in errors and listeners; default (null) the name of the sink's type.</param>
    /// <param name="name">The sink's name in checkpoints, which must be the same in every run; default (null) the word
    /// and the position among the outputs with the same word, such as <c>OrderTable #1</c>.</param>
    public static OutputOperation WriteTo<T>(this DStream<T> stream, Sink<T> sink, string? operatorName = null, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(sink);
        return new SinkOutput<T>(stream, operatorName ?? NameOf(sink.GetType()), sink, name);
    }

    // The type's name without the number of type arguments.
    private static string NameOf(Type type) => type.Name.Split('`')[0];
}
