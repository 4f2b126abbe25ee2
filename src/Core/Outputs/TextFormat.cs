using System.Buffers;
using System.Text;

namespace FastStream;

/// <summary>
/// One line of UTF-8 text for each record, ended by a line feed, as Spark prints it: pairs <c>(a,b)</c>, lists <c>[a,
/// b]</c>, an absent value as <c>null</c>.
/// </summary>
/// <remarks>Line ends inside texts are not changed.</remarks>
/// <typeparam name="T">The record.</typeparam>
public sealed class TextFormat<T> : IOutputFormat<T>
{
    /// <inheritdoc/>
    public string Extension => "txt";

    /// <inheritdoc/>
    public void Write(IBufferWriter<byte> output, in T record)
    {
        ArgumentNullException.ThrowIfNull(output);
        if (record is Utf8Text text)
        {
            // The bytes as they came, without making a string.
            output.Write(text.Span);
        }
        else
        {
            Encoding.UTF8.GetBytes(RecordText.Of(record), output);
        }

        output.Write("\n"u8);
    }
}
