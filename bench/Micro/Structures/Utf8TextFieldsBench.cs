using BenchmarkDotNet.Attributes;

namespace FastStream.Bench.Micro;

/// <summary>The fields of lines by <c>Split</c>, against a loop that looks at every byte.</summary>
public class Utf8TextFieldsBench
{
    private Utf8Text[] _lines = [];

    [GlobalSetup]
    public void Setup() => _lines = new WordText(wordCount: 4096, differentWords: 10_000).Lines;

    [Benchmark(Baseline = true)]
    public long HandWritten()
    {
        long all = 0;
        foreach (ref readonly Utf8Text line in _lines.AsSpan())
        {
            ReadOnlySpan<byte> bytes = line.Span;
            int start = 0;
            for (int i = 0; i < bytes.Length; i++)
            {
                if (bytes[i] == ' ')
                {
                    all += i - start;
                    start = i + 1;
                }
            }

            all += bytes.Length - start;
        }

        return all;
    }

    [Benchmark]
    public long Split()
    {
        long all = 0;
        foreach (ref readonly Utf8Text line in _lines.AsSpan())
        {
            foreach (Utf8Text field in line.Split((byte)' '))
            {
                all += field.Length;
            }
        }

        return all;
    }
}
