namespace FastStream;

public static partial class DStreamOperators
{
    /// <summary>
    /// Runs the stream for every batch and does nothing with its records: for functions with effects, and for streams
    /// that are only measured.
    /// </summary>
    /// <example><code>orders.Map(order => { shipped.Increment(); return order; }).Register();</code></example>
    /// <param name="stream">The stream.</param>
    public static OutputOperation Register<T>(this DStream<T> stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return stream.AddOutput("Register", static (_, _) => ValueTask.CompletedTask);
    }
}
