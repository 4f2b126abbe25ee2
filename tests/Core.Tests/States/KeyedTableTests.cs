using Xunit.Abstractions;

namespace FastStream.Tests.Core.State;

/// <summary>The table that keeps keys over batches, against the dictionary of .NET.</summary>
public sealed class KeyedTableTests(ITestOutputHelper output)
{
    private const int Steps = 500_000;

    [Fact]
    public void Numbers_AgainstTheDictionary() => Compare(random => random.NextInt64(3000), key => KeyHash.Of(in key));

    [Fact]
    public void EqualHashes_AgainstTheDictionary() => Compare(random => random.Next(40), _ => 7);

    [Fact]
    public void NeighbouringHashes_AroundTheEnd_AgainstTheDictionary() =>
        Compare(random => random.Next(600), key => uint.MaxValue - (uint)(key % 7));

    [Fact]
    public void Strings_AndNull_AgainstTheDictionary() =>
        Compare<string?>(random => random.Next(20) == 0 ? null : $"key {random.Next(2000)}", key => KeyHash.Of(in key));

    [Fact]
    public void Keys_ThatComeAndGo_UseTheSamePlaces()
    {
        using var table = new KeyedTable<int, int>();
        for (int key = 0; key < 100_000; key++)
        {
            table.GetOrAdd(KeyHash.Of(in key), in key, out _);
            int old = key - 100;
            if (old >= 0)
            {
                table.Remove(table.Find(KeyHash.Of(in old), in old));
            }
        }

        Assert.Equal(100, table.Count);
        Assert.Equal(101, table.End);
    }

    [Fact]
    public void Keys_AllGone_BeginAnew()
    {
        using var table = new KeyedTable<int, int>();
        for (int round = 0; round < 3; round++)
        {
            for (int key = 0; key < 1000; key++)
            {
                Assert.Equal(key, table.GetOrAdd(KeyHash.Of(in key), in key, out bool exists));
                Assert.False(exists);
            }

            for (int key = 0; key < 1000; key++)
            {
                table.Remove(key);
            }

            Assert.Equal(0, table.End);
        }
    }

    [Fact]
    public void Texts_OfKeysThatComeAndGo_UseTheSameMemory()
    {
        const int Keys = 500;
        using var table = new KeyedTable<Utf8Text, int>();
        long allocated = 0;
        for (int batch = 0; batch < 200; batch++)
        {
            // What later batches bring is measured: by then there is as much memory as is needed.
            Utf8Text[] texts = [.. Enumerable.Range(0, Keys).Select(i => Utf8Text.Intern($"{new string('k', 90)} {batch} {i}"))];
            long before = GC.GetAllocatedBytesForCurrentThread();
            foreach (ref readonly Utf8Text text in texts.AsSpan())
            {
                table.GetOrAdd(KeyHash.Of(in text), in text, out _);
            }

            for (int number = 0; number < table.End; number++)
            {
                if (table.GetCursor().IsUsed(number) && table.ValueAt(number)++ == 2)
                {
                    table.Remove(number);
                }
            }

            var scope = new BatchContext(default, []);
            table.HoldKeyTexts(scope);
            scope.Release();
            allocated += batch < 100 ? 0 : GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.All(texts, text => Assert.Equal(text, table.KeyAt(table.Find(KeyHash.Of(in text), in text))));
        }

        Assert.Equal(2 * Keys, table.Count);
        Assert.InRange(allocated, 0, 100 * Keys * 90 / 2);
    }

    [Fact]
    public void KeysThatEndWithTheirBatch_AreRefused() =>
        Assert.Contains("holds a FastStream.Utf8Text behind a reference",
            Assert.Throws<ArgumentException>(() => new KeyedTable<Utf8Text[], int>()).Message);

    // Times of growth, of about as much coming as going, and of shrinking.
    private void Compare<TKey>(Func<Random, TKey> next, Func<TKey, uint> hash)
    {
        Random random = RandomSource.New(output);
        using var table = new KeyedTable<TKey, long>();
        var twin = new Dictionary<ValueTuple<TKey>, (int Number, long Value)>();
        for (int step = 0; step < Steps; step++)
        {
            TKey key = next(random);
            int removes = step / 20_000 % 3;
            if (random.Next(4) <= removes)
            {
                int number = table.Find(hash(key), in key);
                Assert.Equal(twin.Remove(new(key), out (int Number, long Value) gone) ? gone.Number : -1, number);
                if (number >= 0)
                {
                    Assert.Equal(gone.Value, table.ValueAt(number));
                    table.Remove(number);
                    Assert.False(number < table.End && table.GetCursor().IsUsed(number));
                }
            }
            else
            {
                int number = table.GetOrAdd(hash(key), in key, out bool exists);
                Assert.Equal(twin.TryGetValue(new(key), out (int Number, long Value) had), exists);
                Assert.True(exists ? had.Number == number : table.ValueAt(number) == 0);
                table.ValueAt(number) += step;
                twin[new(key)] = (number, had.Value + step);
            }
        }

        Assert.Equal(twin.Count, table.Count);
        Assert.All(twin, pair => Assert.Equal(pair.Value, (Find(pair.Key.Item1), table.ValueAt(pair.Value.Number))));
        Assert.Equal(twin.Values.Select(pair => pair.Number).Order(),
            Enumerable.Range(0, table.End).Where(number => table.GetCursor().IsUsed(number)));

        int Find(TKey key) => table.Find(hash(key), in key);
    }
}
