using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text;

namespace FastStream;

/// <summary>
/// Comma-separated values by RFC 4180 (https://www.rfc-editor.org/rfc/rfc4180): CR LF after every line; a field with a
/// comma, quote or line end is quoted; an absent value (null, an <see cref="Optional{T}"/> without value) is an empty
/// field.
/// </summary>
/// <example><code>requests.SaveAsFiles("out/requests", new CsvFormat&lt;Request&gt;(("path", r => r.Path), ("ms", r =>
/// r.Milliseconds)));</code></example>
/// <typeparam name="T">The record.</typeparam>
public sealed class CsvFormat<T> : IOutputFormat<T>
{
    private static readonly SearchValues<char> Special = SearchValues.Create(",\"\r\n");

    private readonly (string Name, Func<T, object?> Field)[] _columns;   // empty: a tuple's elements, or the record itself

    /// <summary>
    /// Without columns, a tuple gives one field for each element, any other record one field, and files have no header
    /// line. With columns, each file begins with a line of their names.
    /// </summary>
    /// <param name="columns">A name and a function of the record for each column.</param>
    public CsvFormat(params (string Name, Func<T, object?> Field)[] columns)
    {
        ArgumentNullException.ThrowIfNull(columns);
        _columns = columns;
    }

    /// <inheritdoc/>
    public string Extension => "csv";

    /// <inheritdoc/>
    public void WriteStart(IBufferWriter<byte> output)
    {
        if (_columns.Length > 0)
        {
            WriteLine(output, _columns.Length, i => _columns[i].Name);
        }
    }

    /// <inheritdoc/>
    public void Write(IBufferWriter<byte> output, in T record)
    {
        T item = record;
        if (_columns.Length > 0)
        {
            WriteLine(output, _columns.Length, i => _columns[i].Field(item));
        }
        else if (item is ITuple tuple)
        {
            WriteLine(output, tuple.Length, i => tuple[i]);
        }
        else
        {
            WriteLine(output, 1, _ => item);
        }
    }

    private static void WriteLine(IBufferWriter<byte> output, int count, Func<int, object?> field)
    {
        for (int i = 0; i < count; i++)
        {
            if (i > 0)
            {
                output.Write(","u8);
            }

            object? value = field(i);
            while (value is IOptional optional)
            {
                value = optional.ValueOrNull;
            }

            string text = value is null ? string.Empty : RecordText.Of(value);

            // A single field without text is quoted too: its line would be empty, and readers skip empty lines.
            if (text.AsSpan().ContainsAny(Special) || (count == 1 && text.Length == 0))
            {
                text = $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
            }

            Encoding.UTF8.GetBytes(text, output);
        }

        output.Write("\r\n"u8);
    }
}
