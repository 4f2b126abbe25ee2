using System.Text;

namespace FastStream.Bench.Load;

/// <summary>
/// Ten words a line, drawn by Zipf's law from 100,000 made-up words of 1 to 14 letters; frequent words are shorter, as in
/// a language, which gives lines of about 68 bytes.
/// </summary>
public static class WordsData
{
    private const int VocabularySize = 100_000;
    private const int WordsALine = 10;

    // Two thirds of all draws fall below this rank.
    private const int FrequentRanks = 2_000;

    /// <summary>The same bytes for the same arguments.</summary>
    public static Dataset Generate(int totalBytes, int batchCount, ulong seed = 2)
    {
        var random = new RandomSource(seed);
        byte[][] vocabulary = MakeVocabulary(random);
        var distribution = new ZipfDistribution(VocabularySize);
        return Dataset.Generate(totalBytes, batchCount, line =>
        {
            int position = 0;
            for (int word = 0; word < WordsALine; word++)
            {
                byte[] letters = vocabulary[distribution.Next(random)];
                letters.CopyTo(line[position..]);
                position += letters.Length;
                line[position++] = (byte)' ';
            }

            line[position - 1] = (byte)'\n';
            return position;
        });
    }

    private static byte[][] MakeVocabulary(RandomSource random)
    {
        var known = new HashSet<string>(VocabularySize);
        byte[][] vocabulary = new byte[VocabularySize][];
        Span<char> letters = stackalloc char[14];
        for (int rank = 0; rank < VocabularySize;)
        {
            int length = rank < FrequentRanks
                ? 1 + random.Below(5) + random.Below(5)
                : 1 + random.Below(7) + random.Below(8);
            for (int index = 0; index < length; index++)
            {
                letters[index] = (char)('a' + random.Below(26));
            }

            // There are only 26 words of one letter: a word drawn twice is drawn again, mostly longer.
            string word = new(letters[..length]);
            if (known.Add(word))
            {
                vocabulary[rank++] = Encoding.ASCII.GetBytes(word);
            }
        }

        return vocabulary;
    }
}
