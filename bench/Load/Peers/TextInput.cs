using System.Text;

namespace FastStream.Bench.Load;

/// <summary>What all peers read and return: lines as strings, and checksums of the results of a batch.</summary>
internal static class TextInput
{
    private const int BufferBytes = 64 * 1024;

    public static IEnumerable<string> ReadLines(string path)
    {
        using var reader = new StreamReader(path, Encoding.UTF8, detectEncodingFromByteOrderMarks: false, BufferBytes);
        while (reader.ReadLine() is { } line)
        {
            yield return line;
        }
    }

    /// <summary>Address and bytes sent of a line of an access log.</summary>
    public static (string Address, long Bytes) ParseAccess(string line)
    {
        string address = line[..line.IndexOf(' ', StringComparison.Ordinal)];
        ReadOnlySpan<char> bytes = line.AsSpan(line.LastIndexOf(' ') + 1);
        return (address, bytes is "-" ? 0 : long.Parse(bytes));
    }

    public static Checksum OfLines(IEnumerable<string> lines) =>
        lines.Aggregate(default(Checksum), (batch, line) => batch.Add(Checksum.Hash(line), 1));

    public static Checksum OfWords(IEnumerable<KeyValuePair<string, int>> counts) =>
        counts.Aggregate(default(Checksum), (batch, word) => batch.Add(Checksum.Hash(word.Key), (ulong)word.Value));

    public static Checksum OfAddresses(IEnumerable<(string Address, int Count, long Bytes)> addresses) =>
        addresses.Aggregate(
            default(Checksum),
            (batch, address) => batch.Add(Checksum.Hash(address.Address), address.Count, address.Bytes));
}
