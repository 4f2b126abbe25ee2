namespace FastStream;

public static partial class DStreamOperators
{
    /// <summary>
    /// Saves every batch, also an empty one, as the directory <c>prefix-TIME.suffix</c>: one text file for each
    /// partition, with one line for each record as <c>Print</c> shows it. The directory appears whole; a batch that
    /// runs again replaces it.
    /// </summary>
    /// <example><code>stream.SaveAsTextFiles("out/hits", "txt");   // out/hits-1700000000000.txt/part-00000</code></example>
    /// <param name="stream">The stream.</param>
    /// <param name="prefix">What directory names begin with. It may have a path; without a prefix, names are the time
    /// alone.</param>
    /// <param name="suffix">What directory names end with, without a dot; default nothing.</param>
    public static OutputOperation SaveAsTextFiles<T>(this DStream<T> stream, string? prefix, string? suffix = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return DStreamOperators.Save(stream, "SaveAsTextFiles", prefix, new TextFormat<T>(), suffix);
    }
}
