using Xunit.Abstractions;

namespace FastStream.Tests.Core.Memory;

/// <summary>The table that keeps keys over batches, grown until its segments split, against the dictionary of .NET.</summary>
public sealed class HashIndexTests(ITestOutputHelper output)
{
    [Fact]
    public void Numbers_AddedAndRemoved_StayWhatTheyAre()
    {
        Random random = RandomSource.New(output);
        using var table = new KeyedTable<long, long>();
        var numbers = new Dictionary<long, int>();
        var added = new PooledList<int>();
        long[] keys = new long[RecordBuffer.SpanRecords];
        int[] found = new int[keys.Length];

        // Grows to some 500,000 keys, of which most are then removed, and grows again: segments double, split and shrink.
        for (int round = 0; round < 3; round++)
        {
            for (int span = 0; span < 700; span++)
            {
                for (int i = 0; i < keys.Length; i++)
                {
                    keys[i] = random.NextInt64(1_000_000);
                }

                table.Locate<long, WholeKey<long>>(keys, found, added);
                int expectedAdded = 0;
                for (int i = 0; i < keys.Length; i++)
                {
                    expectedAdded += numbers.TryAdd(keys[i], found[i]) ? 1 : 0;
                    Assert.Equal(numbers[keys[i]], found[i]);
                    Assert.Equal(keys[i], table.KeyAt(found[i]));
                }

                Assert.Equal(expectedAdded, added.Count);
                added.Clear();
            }

            Assert.Equal(numbers.Count, table.Count);
            foreach ((long key, int number) in numbers.Where(pair => pair.Key % 7 != 0).ToList())
            {
                table.Remove(number);
                numbers.Remove(key);
                Assert.Equal(-1, table.Find(KeyHash.Of(in key), in key));
            }
        }
    }

    [Fact]
    public void Values_WhileTheTableGrows_StayWithTheirKeys()
    {
        using var table = new KeyedTable<long, (long A, long B, long C)>();
        for (long key = 0; key < 400_000; key++)
        {
            table.ValueAt(table.GetOrAdd(KeyHash.Of(in key), in key, out _)) = (key, -key, key * key);
        }

        for (long key = 0; key < 400_000; key++)
        {
            Assert.Equal((key, -key, key * key), table.ValueAt(table.Find(KeyHash.Of(in key), in key)));
        }
    }

    [Fact]
    public void References_InKeysAndValues_StayWithTheirKeys()
    {
        using var table = new KeyedTable<string, string>();
        for (int i = 0; i < 150_000; i++)
        {
            string key = $"key {i}";
            table.ValueAt(table.GetOrAdd(KeyHash.Of(in key), in key, out _)) = $"value {i}";
        }

        for (int i = 0; i < 150_000; i += 111)
        {
            string key = $"key {i}";
            Assert.Equal($"value {i}", table.ValueAt(table.Find(KeyHash.Of(in key), in key)));
        }
    }

    [Fact]
    public void EqualHashes_AreKeptApart()
    {
        using var table = new KeyedTable<int, int>();
        for (int key = 0; key < 1000; key++)
        {
            Assert.Equal(key, table.GetOrAdd(7, key, out bool exists));
            Assert.False(exists);
        }

        for (int key = 0; key < 1000; key += 2)
        {
            table.Remove(key);
        }

        for (int key = 0; key < 1000; key++)
        {
            Assert.Equal(key % 2 == 0 ? -1 : key, table.Find(7, key));
        }
    }
}
