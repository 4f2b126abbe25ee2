using FastStream.Bench.Load;

namespace FastStream.Bench.Micro;

/// <summary>The same records on every machine.</summary>
internal static class Records
{
    /// <summary>Records of a batch where a benchmark does not say otherwise.</summary>
    public const int BatchRecords = 65_536;

    /// <summary>Keys that a skewed batch draws from.</summary>
    public const int DifferentKeys = 10_000;

    /// <summary>Batches of random 64-bit numbers, more than a processor's branch predictor can learn by heart.</summary>
    public static long[][] NumberBatches() => [.. Numbers(256 * 4096).Chunk(4096)];

    /// <summary>Random 64-bit numbers.</summary>
    public static long[] Numbers(int count)
    {
        var random = new RandomSource(1);
        return Enumerable.Range(0, count).Select(_ => (long)random.NextBits()).ToArray();
    }

    /// <summary>Keys from 0 on, drawn evenly.</summary>
    public static long[] EvenKeys(int count, int keyCount)
    {
        var random = new RandomSource(2);
        return Enumerable.Range(0, count).Select(_ => (long)random.Below(keyCount)).ToArray();
    }

    /// <summary>Keys drawn as words of a language are: the n-th key with probability proportional to 1/n.</summary>
    public static long[] ZipfKeys(int count, int keyCount)
    {
        var random = new RandomSource(3);
        var ranks = new ZipfDistribution(keyCount);
        return Enumerable.Range(0, count).Select(_ => (long)ranks.Next(random)).ToArray();
    }

    /// <summary>A batch of keys drawn in that way from 10,000: numbers or words.</summary>
    public static TKey[] ZipfKeys<TKey>() =>
        typeof(TKey) == typeof(Utf8Text)
            ? (TKey[])(object)new WordText(BatchRecords, DifferentKeys).Words : (TKey[])(object)ZipfKeys(BatchRecords, DifferentKeys);

    /// <summary>Batches of pairs whose keys are drawn evenly: numbers or words.</summary>
    public static (TKey Key, long Value)[][] EvenPairBatches<TKey>(int batches, int keyCount)
    {
        long[] ranks = EvenKeys(batches * BatchRecords, keyCount);
        TKey[] keys = typeof(TKey) == typeof(Utf8Text) ? (TKey[])(object)new WordText(ranks, keyCount).Words : (TKey[])(object)ranks;
        return [.. Pairs(keys).Chunk(BatchRecords)];
    }

    /// <summary>Each key with a value.</summary>
    public static (TKey Key, long Value)[] Pairs<TKey>(TKey[] keys) => [.. keys.Select((key, i) => (key, (long)i))];

    /// <summary>Each key once, with a value: what a reduced stream brings to a join.</summary>
    public static (long Key, long Value)[] DistinctPairs(int count) => [.. Enumerable.Range(0, count).Select(i => (i * 7L, (long)i))];
}
