using System.Text;

namespace FastStream.Cli;

/// <summary>
/// Passes whole lines to a function, all lines of one call together. It prints them above a live view, which is redrawn
/// once for each call.
/// </summary>
internal sealed class LineWriter(Action<string> write) : TextWriter
{
    private readonly Lock _lock = new();
    private readonly StringBuilder _line = new();

    public override Encoding Encoding => Encoding.UTF8;

    public override void Write(char value) => Write([value]);

    public override void Write(string? value) => Write(value.AsSpan());

    public override void Write(char[] buffer, int index, int count) => Write(buffer.AsSpan(index, count));

    public override void Write(ReadOnlySpan<char> buffer)
    {
        lock (_lock)
        {
            int end = buffer.LastIndexOf('\n');
            if (end >= 0)
            {
                write(_line.Append(buffer[..end]).ToString());
                _line.Clear();
                buffer = buffer[(end + 1)..];
            }

            _line.Append(buffer);
        }
    }
}
