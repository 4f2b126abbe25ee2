using System.Text;

namespace FastStream.Bench.Load;

/// <summary>Lines of 100 bytes that look like a log; one in a hundred contains ERROR, anywhere after the time.</summary>
public static class GrepData
{
    private const int LineBytes = 100;
    private const int TimeBytes = 24;
    private const int MillisecondsADay = 24 * 60 * 60 * 1000;

    private static readonly byte[][] Levels =
        [.. new[] { "INFO  ", "DEBUG ", "WARN  ", "TRACE " }.Select(Encoding.ASCII.GetBytes)];

    private static readonly byte[][] Words =
        [.. ("request served from cache in time for session user order item connection closed by peer retry scheduled " +
            "queue worker thread started finished loading table index partition offset commit " +
            "Expected Element Reader after before")
            .Split(' ').Select(word => Encoding.ASCII.GetBytes(word + " "))];

    /// <summary>The same bytes for the same arguments.</summary>
    public static Dataset Generate(int totalBytes, int batchCount, ulong seed = 1)
    {
        var random = new RandomSource(seed);
        int milliseconds = 0;
        return Dataset.Generate(totalBytes, batchCount, line =>
        {
            milliseconds = (milliseconds + 1 + random.Below(40)) % MillisecondsADay;
            WriteTime(line, milliseconds);
            int position = TimeBytes;
            Append(Levels[random.Below(Levels.Length)], line, ref position);
            while (position < LineBytes - 1)
            {
                Append(Words[random.Below(Words.Length)], line, ref position);
            }

            if (random.Below(100) == 0)
            {
                "ERROR"u8.CopyTo(line[(TimeBytes + random.Below(LineBytes - 5 - TimeBytes))..]);
            }

            line[LineBytes - 1] = (byte)'\n';
            return LineBytes;
        });
    }

    // A word that does not fit is cut; the line is longer in the destination than in the data.
    private static void Append(byte[] word, Span<byte> line, ref int position)
    {
        word.CopyTo(line[position..]);
        position += word.Length;
    }

    private static void WriteTime(Span<byte> line, int milliseconds)
    {
        "2026-01-31T00:00:00.000 "u8.CopyTo(line);
        WriteDigits(line.Slice(20, 3), milliseconds % 1000);
        WriteDigits(line.Slice(17, 2), milliseconds / 1000 % 60);
        WriteDigits(line.Slice(14, 2), milliseconds / 60_000 % 60);
        WriteDigits(line.Slice(11, 2), milliseconds / 3_600_000);
    }

    private static void WriteDigits(Span<byte> destination, int value)
    {
        for (int index = destination.Length - 1; index >= 0; index--)
        {
            destination[index] = (byte)('0' + (value % 10));
            value /= 10;
        }
    }
}
