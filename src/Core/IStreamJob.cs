namespace FastStream;

/// <summary>
/// A program as a class, which hosts, tools and tests run without knowing what it does. They make the context, call
/// <see cref="Describe"/> once, and start the context.
/// </summary>
/// <example><code>
/// sealed class ErrorsByHost : IStreamJob
/// {
///     public void Describe(StreamingContext context) =>
///         context.SocketTextStream("127.0.0.1", 9999).Filter(line => line.Contains("ERROR"u8)).Print();
/// }
/// </code></example>
public interface IStreamJob
{
    /// <summary>
    /// Describes streams and outputs on a context that has not started. Each run calls it again: a checkpoint holds
    /// data, never code.
    /// </summary>
    void Describe(StreamingContext context);
}
