namespace FastStream;

/// <summary>Makes a stream run for its effects alone.</summary>
public static class RegisterExtensions
{
    /// <summary>Runs the stream for every batch and does nothing with its records: for functions with effects, and for streams that are only remembered or measured.</summary>
    public static OutputOperation Register<T>(this DStream<T> stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return stream.AddOutput("Register", static (_, _) => ValueTask.CompletedTask);
    }
}
