using Xunit.Abstractions;

namespace FastStream.Tests.Core.Memory;

/// <summary>The table against the dictionary of .NET.</summary>
public sealed class KeyTableTests(ITestOutputHelper output)
{
    [Fact]
    public void Numbers_AgainstTheDictionary() => Compare(random => (long)random.Next(-50, 5000));

    [Fact]
    public void Strings_AgainstTheDictionary() => Compare<string?>(random => random.Next(20) == 0 ? null : $"key {random.Next(3000)}");

    [Fact]
    public void Texts_AgainstTheDictionary() => Compare(random => Utf8Text.Intern($"{new string('k', random.Next(20))}{random.Next(300)}"));

    [Fact]
    public void Tuples_AgainstTheDictionary() => Compare(random => (random.Next(40), $"{random.Next(40)}"));

    [Fact]
    public void EqualHashes_AreKeptApart()
    {
        var table = new KeyTable<int, string>();
        for (int key = 0; key < 100; key++)
        {
            table.GetOrAdd(7, key, out bool exists) = $"value {key}";
            Assert.False(exists);
        }

        for (int key = 0; key < 100; key++)
        {
            Assert.Equal($"value {key}", table.GetOrAdd(7, key, out bool exists));
            Assert.True(exists);
        }
    }

    [Fact]
    public void Drain_GivesPairsInTheOrderOfComing_AndForgetsThem()
    {
        var table = new KeyTable<long, long>();
        long[] keys = [9, 2, 7, 2, 9, 1];
        foreach (long key in keys)
        {
            table.GetOrAdd(KeyHash.Of(in key), in key, out _)++;
        }

        Assert.Equal([(9, 2), (2, 2), (7, 1), (1, 1)], Drained(table));
        Assert.Equal(0, table.Count);
    }

    private static List<(TKey Key, long Value)> Drained<TKey>(KeyTable<TKey, long> table)
    {
        List<(TKey Key, long Value)> pairs = [.. Enumerable.Range(0, table.Count).Select(table.PairAt)];
        table.Clear();
        return pairs;
    }

    // Many batches of very different sizes, cleared in between: growth, and slots of older generations that must not be seen.
    private void Compare<TKey>(Func<Random, TKey> next)
    {
        Random random = RandomSource.New(output);
        var table = new KeyTable<TKey, long>();
        for (int batch = 0; batch < 60; batch++)
        {
            var twin = new Dictionary<ValueTuple<TKey>, long>();
            var order = new List<TKey>();
            int records = random.Next(random.Next(2) == 0 ? 10 : 4000);
            KeyTable<TKey, long>.Probe walk = table.GetCursor();
            for (int i = 0; i < records; i++)
            {
                TKey key = next(random);
                uint hash = KeyHash.Of(in key);
                bool exists;
                if (batch % 2 == 0)
                {
                    // What the walk without calls does not take goes the other way, as in operators.
                    ref long value = ref walk.TryGetOrAdd(hash, in key, out bool isNew);
                    exists = !isNew;
                    if (System.Runtime.CompilerServices.Unsafe.IsNullRef(ref value))
                    {
                        value = ref table.GetOrAdd(hash, in key, out exists);
                        walk = table.GetCursor();   // adding may have moved the table
                    }
                    else if (isNew)
                    {
                        value = 0;
                    }

                    value += i;
                }
                else
                {
                    table.GetOrAdd(hash, in key, out exists) += i;
                }

                Assert.Equal(twin.ContainsKey(new(key)), exists);
                twin[new(key)] = twin.GetValueOrDefault(new(key)) + i;
                if (!exists)
                {
                    order.Add(key);
                }
            }

            Assert.Equal(twin.Count, table.Count);
            Assert.Equal(order.Select(key => (key, twin[new(key)])), Drained(table));
            Assert.Equal(0, table.Count);
        }
    }
}
