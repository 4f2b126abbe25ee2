using BenchmarkDotNet.Attributes;

namespace FastStream.Bench.Micro;

/// <summary>Lines that contain a word, one in a hundred, by <c>Contains</c> of the text, against <c>IndexOf</c> of its span.</summary>
public class Utf8TextSearchBench
{
    private Utf8Text[] _lines = [];

    [Params(40, 100, 1000)]
    public int LineBytes { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var random = new Random(1);
        _lines = new Utf8Text[4096];
        for (int i = 0; i < _lines.Length; i++)
        {
            byte[] line = new byte[LineBytes];
            for (int at = 0; at < line.Length; at++)
            {
                line[at] = (byte)random.Next('a', 'z' + 1);
            }

            if (i % 100 == 0)
            {
                "ERROR"u8.CopyTo(line.AsSpan(random.Next(LineBytes - 5)));
            }

            _lines[i] = Utf8Text.Intern(line);
        }
    }

    [Benchmark(Baseline = true)]
    public long HandWritten()
    {
        long found = 0;
        foreach (ref readonly Utf8Text line in _lines.AsSpan())
        {
            found += line.Span.IndexOf("ERROR"u8) >= 0 ? 1 : 0;
        }

        return found;
    }

    [Benchmark]
    public long Contains()
    {
        long found = 0;
        foreach (Utf8Text line in _lines)
        {
            found += line.Contains("ERROR"u8) ? 1 : 0;
        }

        return found;
    }
}
