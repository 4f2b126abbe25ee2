using System.Numerics;
using System.Runtime.InteropServices;
using BenchmarkDotNet.Attributes;

namespace FastStream.Bench.Micro;

/// <summary>Hashes of words, against one multiplication for every eight bytes of the same words.</summary>
public class Utf8TextHashBench
{
    private Utf8Text[] _words = [];

    [GlobalSetup]
    public void Setup() => _words = new WordText(wordCount: 4096, differentWords: 10_000).Words;

    [Benchmark(Baseline = true)]
    public long HandWritten()
    {
        ulong all = 0;
        foreach (ref readonly Utf8Text word in _words.AsSpan())
        {
            ReadOnlySpan<byte> bytes = word.Span;
            ulong hash = (uint)bytes.Length;
            while (bytes.Length >= 8)
            {
                hash = (BitOperations.RotateLeft(hash, 5) ^ MemoryMarshal.Read<ulong>(bytes)) * 0x9E3779B97F4A7C15;
                bytes = bytes[8..];
            }

            foreach (byte rest in bytes)
            {
                hash = (hash ^ rest) * 0x100000001B3;
            }

            all ^= hash;
        }

        return (long)all;
    }

    [Benchmark]
    public long Hash()
    {
        uint all = 0;
        foreach (ref readonly Utf8Text word in _words.AsSpan())
        {
            all ^= word.Hash();
        }

        return all;
    }
}
