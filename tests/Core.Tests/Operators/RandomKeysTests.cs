using System.Text;
using Xunit.Abstractions;
using static FastStream.Tests.Core.Operators.OperatorRun;

namespace FastStream.Tests.Core.Operators;

/// <summary>
/// Random programs over keys of many types against LINQ: the same records, in one partition in the same order, and
/// twice alike.
/// </summary>
public sealed class RandomKeysTests(ITestOutputHelper output)
{
    private const int Programs = 12;

    private static readonly int[] Partitions = [1, 2, 3, 7];
    private static readonly List<byte[]> Kept = [];   // what texts of any place point into

    private enum Color : short
    {
        Red,
        Green = -7,
        Blue = 300,
    }

    [Fact]
    public void Numbers() => Check(random => random.NextInt64(-30, 30) << 40);

    [Fact]
    public void Strings() => Check<string?>(random => random.Next(10) == 0 ? null : $"key {random.Next(40)}");

    [Fact]
    public void Texts_ShortAndLong() => Check(random => TextAnywhere($"{new string('k', random.Next(3) * 9)}{random.Next(20)}"));

    [Fact]
    public void Tuples() => Check(random => (random.Next(6), random.Next(6) == 0 ? null : $"{random.Next(6)}"));

    [Fact]
    public void Records() => Check<Person?>(random => random.Next(10) == 0 ? null : new Person($"{random.Next(5)}", random.Next(5)));

    [Fact]
    public void Enums() => Check(random => random.Next(3) switch { 0 => Color.Red, 1 => Color.Green, _ => Color.Blue });

    [Fact]
    public void Doubles_WithNaNAndBothZeros() =>
        Check(random => random.Next(5) switch { 0 => double.NaN, 1 => -0.0, 2 => 0.0, 3 => -double.NaN, _ => random.Next(20) / 3.0 });

    [Fact]
    public void NullableNumbers() => Check<int?>(random => random.Next(8) == 0 ? null : random.Next(20));

    [Fact]
    public void OptionalTexts() =>
        Check<Optional<string?>>(
            random => random.Next(8) switch { 0 => default, 1 => new Optional<string?>(null), _ => $"{random.Next(20)}" });

    [Fact]
    public void Guids() => Check(random => new Guid(random.Next(20), 7, 8, 0, 0, 0, 0, 0, 0, 0, 0));

    [Fact]
    public void Dates() =>
        Check(random => new DateTime(2024, 1, 1 + random.Next(25), 0, 0, 0, random.Next(2) == 0 ? DateTimeKind.Utc : DateTimeKind.Local));

    [Fact]
    public void EqualHashes() => Check(random => new Clashing(random.Next(40)));

    [Fact]
    public void Objects() =>
        Check<object?>(
            random => random.Next(4) switch { 0 => null, 1 => random.Next(10), 2 => random.NextInt64(10), _ => $"{random.Next(10)}" });

    private static IReadOnlyList<IReadOnlyList<(TKey Key, long Value)>?> Run<TKey>(
        int seed, int partitions, Func<Random, TKey> newKey, out (TKey Key, long Value)[][] expected, out string text)
    {
        var random = new Random(seed);
        var left = RandomKeyedProgram<TKey>.NewBatches(random, newKey);
        var right = random.Next(3) == 0 ? left : RandomKeyedProgram<TKey>.NewBatches(random, newKey);
        var program = new RandomKeyedProgram<TKey>(random, newKey, isOrdered: partitions == 1);
        RandomKeyedProgram<TKey>.Step? last = null;
        var found = StreamTest
            .Run(left, right, (a, b) =>
                (last = program.Build(new(a, left), new(b, right), steps: random.Next(1, 14))).Stream, In(partitions));
        expected = last!.Batches!;
        text = $"seed {seed} in {partitions} partitions: {string.Join(' ', program.Names)}";
        return found;
    }

    // Equal texts at different places, as in received blocks.
    private static unsafe Utf8Text TextAnywhere(string text)
    {
        byte[] bytes = GC.AllocateArray<byte>(Encoding.UTF8.GetByteCount(text), pinned: true);
        Encoding.UTF8.GetBytes(text, bytes);
        lock (Kept)
        {
            Kept.Add(bytes);
        }

        fixed (byte* start = bytes)
        {
            return Utf8Text.FromExact(start, bytes.Length);
        }
    }

    private void Check<TKey>(Func<Random, TKey> newKey)
    {
        Random seeds = RandomSource.New(output);
        for (int i = 0; i < Programs; i++)
        {
            int seed = seeds.Next();
            int partitions = Partitions[i % Partitions.Length];
            var first = Run(seed, partitions, newKey, out (TKey Key, long Value)[][] expected, out string text);
            var second = Run(seed, partitions, newKey, out _, out _);
            for (int batch = 0; batch < expected.Length; batch++)
            {
                Assert.True(partitions == 1
                    ? expected[batch].SequenceEqual(first[batch]!) : AreSame(expected[batch], first[batch]!), $"batch {batch}, {text}");
                Assert.True(first[batch]!.SequenceEqual(second[batch]!), $"batch {batch} twice, {text}");
            }
        }
    }

    private sealed record Person(string Name, int Number);
}
