using System.Numerics;
using System.Runtime.Intrinsics;
using BenchmarkDotNet.Attributes;
using FastStream.Bench.Load;

namespace FastStream.Bench.Micro;

/// <summary>
/// SplitWords on lines of ten words, against one pass over the same bytes that stores where words begin and how long
/// they are.
/// </summary>
public unsafe class Utf8TextSplitBench
{
    private const int Words = 8192;

    private readonly CountSink<Utf8Text> _words = new();
    private readonly int[] _starts = new int[Words];
    private readonly int[] _lengths = new int[Words];
    private WordText _text = null!;
    private ChainInput<Utf8Text> _chain = null!;

    [GlobalSetup]
    public void Setup()
    {
        _text = new WordText(Words, differentWords: 10_000);
        _chain = Chain.Of((DStream<Utf8Text> lines) => lines.SplitWords(), _words);
    }

    [Benchmark(Baseline = true)]
    public long HandWritten()
    {
        int[] starts = _starts;
        int[] lengths = _lengths;
        Vector256<byte> blank = Vector256.Create((byte)0x20);
        int words = 0;
        int wordStart = 0;
        fixed (byte* start = _text.Span)
        {
            byte* textEnd = start + _text.Length;
            for (byte* block = start; block < textEnd; block += ByteScan.BlockBytes)
            {
                for (ulong ends = ByteScan.AtMostMask(block, blank) & ByteScan.BitsBefore(block, textEnd); ends != 0; ends &= ends - 1)
                {
                    int end = (int)(block - start) + BitOperations.TrailingZeroCount(ends);
                    if (end > wordStart)
                    {
                        starts[words] = wordStart;
                        lengths[words++] = end - wordStart;
                    }

                    wordStart = end + 1;
                }
            }
        }

        return words;
    }

    [Benchmark]
    public long SplitWords()
    {
        _chain.RunBatch(_text.Lines);
        return _words.Total;
    }
}
