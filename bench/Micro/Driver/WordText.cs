using System.Runtime.InteropServices;
using FastStream.Bench.Load;

namespace FastStream.Bench.Micro;

/// <summary>
/// Lines of Zipf words in memory that stays until the process ends, as received bytes lie in blocks: most words fit in
/// the text's own 16 bytes, some do not.
/// </summary>
internal sealed unsafe class WordText
{
    private const int WordsALine = 10;

    private readonly byte* _start;

    public WordText(int wordCount, int differentWords)
        : this(Records.ZipfKeys(wordCount, differentWords), differentWords)
    {
    }

    /// <summary>Given words, by their ranks.</summary>
    public WordText(long[] ranks, int differentWords)
    {
        int wordCount = ranks.Length;
        byte[][] words = Enumerable.Range(0, differentWords).Select(Word).ToArray();
        Length = (int)ranks.Sum(rank => words[rank].Length + 1);
        _start = (byte*)NativeMemory.AllocZeroed((nuint)(Length + Block.PaddingBytes));
        Words = new Utf8Text[wordCount];
        Lines = new Utf8Text[(wordCount + WordsALine - 1) / WordsALine];
        byte* next = _start;
        byte* lineStart = next;
        for (int i = 0; i < wordCount; i++)
        {
            byte[] word = words[ranks[i]];
            word.CopyTo(new Span<byte>(next, word.Length));
            Words[i] = Utf8Text.FromPadded(next, word.Length);
            next += word.Length;
            bool endsLine = i % WordsALine == WordsALine - 1 || i == wordCount - 1;
            if (endsLine)
            {
                Lines[i / WordsALine] = Utf8Text.FromPadded(lineStart, (int)(next - lineStart));
                lineStart = next + 1;
            }

            *next++ = endsLine ? (byte)'\n' : (byte)' ';
        }
    }

    /// <summary>Every occurrence of a word, in order, each at its own address.</summary>
    public Utf8Text[] Words { get; }

    /// <summary>The lines, without their ends.</summary>
    public Utf8Text[] Lines { get; }

    /// <summary>Bytes of text.</summary>
    public int Length { get; }

    /// <summary>All bytes, line ends too.</summary>
    public ReadOnlySpan<byte> Span => new(_start, Length);

    private static byte[] Word(int rank)
    {
        var random = new RandomSource((ulong)rank);
        int length = rank % 50 == 49 ? 18 : 3 + random.Below(8);
        return [.. Enumerable.Range(0, length).Select(_ => (byte)('a' + random.Below(26)))];
    }
}
