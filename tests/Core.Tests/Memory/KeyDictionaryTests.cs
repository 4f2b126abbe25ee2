using Xunit.Abstractions;

namespace FastStream.Tests.Core.Memory;

/// <summary>Numbers of keys against the dictionary of .NET.</summary>
public sealed class KeyDictionaryTests(ITestOutputHelper output)
{
    [Fact]
    public void Numbers_AgainstTheDictionary() => Compare(random => (long)random.Next(-50, 5000));

    [Fact]
    public void Strings_AgainstTheDictionary() => Compare<string?>(random => random.Next(20) == 0 ? null : $"key {random.Next(3000)}");

    [Fact]
    public void Texts_AgainstTheDictionary() => Compare(random => Utf8Text.Intern($"{new string('k', random.Next(20))}{random.Next(300)}"));

    [Fact]
    public void EqualHashes_AreKeptApart() => Compare(random => new SameHash(random.Next(300), Throws: false));

    [Fact]
    public void Find_AnEqualsThrows_ClearForgetsTheKeysBeforeIt()
    {
        var numbers = new KeyDictionary<SameHash>();
        (SameHash, int)[] bad = [(new(1, Throws: false), 0), (new(2, Throws: true), 0)];
        Assert.Throws<InvalidOperationException>(() => numbers.Find<int>(bad, new int[2], adds: true));
        numbers.Clear();

        (SameHash, int)[] good = [(new(3, Throws: false), 0), (new(1, Throws: false), 0), (new(3, Throws: false), 0)];
        int[] found = new int[3];
        numbers.Find<int>(good, found, adds: true);
        Assert.Equal([0, 1, 0], found);
    }

    // Many batches of very different sizes, cleared in between, from an offset that soon turns over: growth, and slots
    // of older batches that must not be seen.
    private void Compare<TKey>(Func<Random, TKey> next)
    {
        Random random = RandomSource.New(output);
        var numbers = new KeyDictionary<TKey>(int.MaxValue - 5000);
        for (int batch = 0; batch < 40; batch++)
        {
            var twin = new Dictionary<ValueTuple<TKey>, int>();
            var order = new List<TKey>();
            int records = random.Next(random.Next(2) == 0 ? 10 : 4000);
            while (records > 0)
            {
                (TKey Key, int Value)[] items = [.. Enumerable.Range(0, random.Next(1, RecordBuffer.SpanRecords + 1))
                    .Select(i => (next(random), i))];
                bool adds = random.Next(3) > 0;
                int[] found = new int[items.Length];
                numbers.Find<int>(items, found, adds);
                for (int i = 0; i < items.Length; i++)
                {
                    TKey key = items[i].Key;
                    if (adds && twin.TryAdd(new(key), twin.Count))
                    {
                        order.Add(key);
                    }

                    Assert.Equal(twin.GetValueOrDefault(new(key), -1), found[i]);
                }

                records -= items.Length;
            }

            Assert.Equal(order, numbers.Keys.ToArray());
            numbers.Clear();
            Assert.Equal(0, numbers.Count);
        }
    }

    private readonly record struct SameHash(int Number, bool Throws)
    {
        public bool Equals(SameHash other) =>
            Throws || other.Throws ? throw new InvalidOperationException("as asked") : Number == other.Number;

        public override int GetHashCode() => 7;
    }
}
