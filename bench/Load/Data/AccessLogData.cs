using System.Text;

namespace FastStream.Bench.Load;

/// <summary>Lines of Apache's common log format, about 85 bytes, from 10,000 addresses by Zipf's law.</summary>
public static class AccessLogData
{
    private const int AddressCount = 10_000;
    private const int PathCount = 2_000;

    private static readonly byte[][] Statuses =
        [.. new[] { "200", "200", "200", "404", "500" }.Select(Encoding.ASCII.GetBytes)];

    /// <summary>The same bytes for the same arguments.</summary>
    public static Dataset Generate(int totalBytes, int batchCount, ulong seed = 3)
    {
        var random = new RandomSource(seed);
        byte[][] addresses = MakeDistinct(AddressCount, () =>
            $"{1 + random.Below(223)}.{random.Below(256)}.{random.Below(256)}.{1 + random.Below(254)}");
        byte[][] paths = MakeDistinct(PathCount, () => $"/item/{random.Below(100_000)}");
        var addressDistribution = new ZipfDistribution(AddressCount);
        var pathDistribution = new ZipfDistribution(PathCount);
        int seconds = 0;
        return Dataset.Generate(totalBytes, batchCount, line =>
        {
            seconds = (seconds + (random.Below(50) == 0 ? 1 : 0)) % 86_400;
            int position = 0;
            Append(addresses[addressDistribution.Next(random)], line, ref position);
            Append(" - - [31/Jan/2026:"u8, line, ref position);
            AppendTwoDigits(seconds / 3600, line, ref position);
            line[position++] = (byte)':';
            AppendTwoDigits(seconds / 60 % 60, line, ref position);
            line[position++] = (byte)':';
            AppendTwoDigits(seconds % 60, line, ref position);
            Append(" +0000] \"GET "u8, line, ref position);
            Append(paths[pathDistribution.Next(random)], line, ref position);
            Append(" HTTP/1.1\" "u8, line, ref position);

            // Apache writes a hyphen where nothing was sent.
            bool notModified = random.Below(50) == 0;
            Append(notModified ? "304"u8 : Statuses[random.Below(Statuses.Length)], line, ref position);
            line[position++] = (byte)' ';
            if (notModified)
            {
                line[position++] = (byte)'-';
            }
            else
            {
                (1 + random.Below(1 + random.Below(200_000))).TryFormat(line[position..], out int digits);
                position += digits;
            }

            line[position++] = (byte)'\n';
            return position;
        });
    }

    private static byte[][] MakeDistinct(int count, Func<string> make)
    {
        var known = new HashSet<string>(count);
        byte[][] texts = new byte[count][];
        while (known.Count < count)
        {
            string text = make();
            if (known.Add(text))
            {
                texts[known.Count - 1] = Encoding.ASCII.GetBytes(text);
            }
        }

        return texts;
    }

    private static void Append(ReadOnlySpan<byte> text, Span<byte> line, ref int position)
    {
        text.CopyTo(line[position..]);
        position += text.Length;
    }

    private static void AppendTwoDigits(int value, Span<byte> line, ref int position)
    {
        line[position++] = (byte)('0' + (value / 10));
        line[position++] = (byte)('0' + (value % 10));
    }
}
