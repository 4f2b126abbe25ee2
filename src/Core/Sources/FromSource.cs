using FastStream.Runtime;

namespace FastStream;

public static partial class StreamingContextOperators
{
    /// <summary>A stream of the records that a source gives: one batch at every tick.</summary>
    /// <example><code>context.FromSource(new OrderSource()).Print();</code></example>
    /// <param name="context">The context, which starts and stops the source.</param>
    /// <param name="source">The source; it can feed one stream.</param>
    /// <param name="operatorName">
    /// The word for the source in names, errors and listeners; default (null): the name of the source's type.
    /// </param>
    /// <exception cref="InvalidOperationException">The source feeds a stream already, or the context has started.</exception>
    public static SourceStream<T> FromSource<T>(this StreamingContext context, Source<T> source, string? operatorName = null)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(source);
        return new SourceStream<T>(context, source, operatorName ?? source.GetType().Name.Split('`')[0]);
    }
}
