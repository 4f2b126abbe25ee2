using System.Numerics;
using System.Runtime.Intrinsics;
using BenchmarkDotNet.Attributes;
using FastStream.Bench.Load;

namespace FastStream.Bench.Micro;

/// <summary>
/// Lines out of one block of 64 KiB, against a loop that finds line feeds alone and stores where lines begin and how
/// long they are.
/// </summary>
public unsafe class FramingBench
{
    private const int BlockBytes = 64 << 10;

    private readonly CountSink<Utf8Text> _lines = new();
    private readonly int[] _starts = new int[BlockBytes];
    private readonly int[] _lengths = new int[BlockBytes];
    private RecordBuffer<Utf8Text> _output = null!;
    private Block _block = null!;

    [Params(10, 100)]
    public int LineBytes { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _output = new RecordBuffer<Utf8Text>(_lines);
        _block = new BlockPool(BlockBytes, maxBlocks: 1).Rent();
        var random = new RandomSource(4);
        _block.Span.Fill((byte)'a');
        for (int end = 0; end < BlockBytes; end += (LineBytes / 2) + random.Below(LineBytes))
        {
            _block.Span[end] = (byte)'\n';
        }

        _block.Span[^1] = (byte)'\n';
    }

    [Benchmark(Baseline = true)]
    public long HandWritten()
    {
        byte* start = _block.Address;
        int[] starts = _starts;
        int[] lengths = _lengths;
        Vector256<byte> feed = Vector256.Create((byte)'\n');
        int lines = 0;
        int lineStart = 0;
        for (int position = 0; position < BlockBytes; position += ByteScan.BlockBytes)
        {
            for (ulong ends = ByteScan.EqualMask(start + position, feed); ends != 0; ends &= ends - 1)
            {
                int end = position + BitOperations.TrailingZeroCount(ends);
                starts[lines] = lineStart;
                lengths[lines++] = end - lineStart;
                lineStart = end + 1;
            }
        }

        return lines;
    }

    [Benchmark]
    public long Decode() => LineDecoder.Instance.Decode(new RecordBytes(_block, 0, BlockBytes), _output);
}
