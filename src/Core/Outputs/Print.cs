using System.Globalization;
using System.Text;

namespace FastStream;

public static partial class DStreamOperators
{
    private const string Rule = "-------------------------------------------";

    /// <summary>
    /// Prints the time and the first records of every batch, also of empty ones; <c>...</c> means that there were more.
    /// </summary>
    /// <example><code>lines.Filter(line => line.Contains("ERROR"u8)).Print();</code></example>
    /// <param name="stream">The stream.</param>
    /// <param name="count">The most records printed per batch; 0 prints none, default 10.</param>
    /// <param name="writer">The writer; default standard output. Each batch is written in one call, so that batches of
    /// several contexts do not mix.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is negative.</exception>
    public static OutputOperation Print<T>(this DStream<T> stream, int count = 10, TextWriter? writer = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        return stream.AddOutput("Print", (batch, _) =>
        {
            TextWriter target = writer ?? Console.Out;
            target.Write(Format(batch, count));
            target.Flush();
            return ValueTask.CompletedTask;
        });
    }

    private static string Format<T>(Batch<T> batch, int count)
    {
        var text = new StringBuilder();
        text.Append(Rule).Append('\n');
        text.Append(CultureInfo.InvariantCulture, $"Time: {batch.Time}\n");
        text.Append(Rule).Append('\n');
        foreach (T item in batch.Take(count))
        {
            RecordText.Append(text, item);
            text.Append('\n');
        }

        if (batch.LongCount > count)
        {
            text.Append("...\n");
        }

        return text.Append('\n').ToString();
    }
}
