namespace FastStream;

public static partial class DStreamOperators
{
    /// <summary>
    /// Names the stream and returns it. Errors and listeners show the name in place of operator and number.
    /// </summary>
    /// <example><code>var errors = lines.Filter(IsError).Named("errors");</code></example>
    /// <param name="stream">The stream.</param>
    /// <param name="name">Not blank, and not the name of another stream of this context.</param>
    /// <exception cref="ArgumentException">The name is blank, or another stream has it.</exception>
    /// <exception cref="InvalidOperationException">The stream has a name already, or the context was started.</exception>
    public static TStream Named<TStream>(this TStream stream, string name)
        where TStream : DStream
    {
        ArgumentNullException.ThrowIfNull(stream);
        stream.SetName(name);
        return stream;
    }
}
