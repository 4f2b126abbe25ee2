using System.Runtime.CompilerServices;
using Xunit.Abstractions;

namespace FastStream.Tests.Core.Memory;

/// <summary>
/// Keys of many types, made at random from few values: whichever are equal have one hash, and those that differ rarely
/// do.
/// </summary>
public sealed class RandomKeyHashTests(ITestOutputHelper output)
{
    private const int Keys = 300;

    private enum Size : ulong
    {
        Small,
        Large = ulong.MaxValue,
    }

    private readonly record struct Item(string? Name, double Weight, Size Size);

    private readonly record struct Order(Item Item, (decimal Price, DateTimeOffset At) Sale, Guid? Id);

    private struct Plain
    {
        public byte First;
        public long Second;
        public float Third;
    }

    private readonly record struct Modulo(int Value) : IEquatable<Modulo>
    {
        bool IEquatable<Modulo>.Equals(Modulo other) => Value % 3 == other.Value % 3;

        public override int GetHashCode() => Value % 3;
    }

    private static readonly double[] Doubles = [0.0, -0.0, 1, double.NaN, -double.NaN,
        BitConverter.Int64BitsToDouble(0x7FF8_0000_0000_0001), double.Epsilon];

    private static readonly decimal[] Decimals = [0m, -0.0m, 0.000m, 1m, 1.0m, 1.000m, 12.3m, 12.30m, decimal.MaxValue,
        79228162514264337593543950.335m];

    private static double DoubleOf(Random random) => Doubles[random.Next(Doubles.Length)];

    private static decimal DecimalOf(Random random) => Decimals[random.Next(Decimals.Length)];

    private static string? StringOf(Random random) =>
        random.Next(4) is > 0 and var length ? new string((char)('a' + random.Next(2)), length) : null;

    private static DateTimeOffset TimeOf(Random random) =>
        new DateTimeOffset(2026, 3, 29, random.Next(3), 0, 0, TimeSpan.Zero).ToOffset(TimeSpan.FromMinutes(15 * random.Next(-4, 5)));

    private static Guid GuidOf(Random random) => new(random.Next(2), (short)random.Next(2), 0, 0, 0, 0, 0, 0, 0, 0, (byte)random.Next(2));

    private static Item ItemOf(Random random) => new(StringOf(random), DoubleOf(random), random.Next(2) == 0 ? Size.Small : Size.Large);

    private static Utf8Text TextOf(Random random) => Utf8Text.Intern(new string('t', random.Next(2) * 15 + random.Next(3)));

    // Bytes between the fields are noise.
    private static Plain PlainOf(Random random)
    {
        Plain plain = default;
        random.NextBytes(System.Runtime.InteropServices.MemoryMarshal.AsBytes(new Span<Plain>(ref plain)));
        plain.First = (byte)random.Next(2);
        plain.Second = random.Next(2);
        plain.Third = (float)DoubleOf(random);
        return plain;
    }

    [Fact]
    public void Hash_RandomKeys_IsOneWhereTheyAreEqual()
    {
        Random random = RandomSource.New(output);
        Check(random, DoubleOf);
        Check(random, r => (float)DoubleOf(r));
        Check(random, r => (Half)DoubleOf(r));
        Check(random, DecimalOf);
        Check(random, GuidOf);
        Check(random, TimeOf);
        Check(random, r => new DateTime(r.Next(9), (DateTimeKind)r.Next(3)));
        Check(random, r => (r.Next(2) == 0 ? Size.Small : Size.Large, (sbyte)-r.Next(9)));
        Check(random, TextOf);
        Check(random, StringOf);
        Check(random, r => r.Next(2) == 0 ? (DoubleOf(r), TextOf(r)) : ((double, Utf8Text)?)null);
        Check(random, r => r.Next(2) == 0 ? new Optional<decimal>(DecimalOf(r)) : default);
        Check(random, ItemOf);
        Check(random, r => new Order(ItemOf(r), (DecimalOf(r), TimeOf(r)), r.Next(2) == 0 ? GuidOf(r) : null));
        Check(random, PlainOf);
        Check(random, r => (PlainOf(r), (Half)DoubleOf(r)));
        Check(random, r => new Modulo(r.Next(9)));
        Check(random, r => (new Modulo(r.Next(9)), DoubleOf(r)));
        Check(random, r => KeyValuePair.Create(StringOf(r), new Modulo(r.Next(9))));
        Check(random, r => (r.Next(3), (object?)StringOf(r)));
        Check(random, r => (1, 2, 3, 4, 5, 6, 7, r.Next(3), DecimalOf(r)));
    }

    // Numbers that are equal in all but some bits, wherever these are.
    [Fact]
    public void Hash_KeysThatDifferInFewBits_Spread()
    {
        Random random = RandomSource.New(output);
        for (int round = 0; round < 20; round++)
        {
            int shift = random.Next(64 - 14);
            long rest = random.NextInt64();
            Spread(i => new Int128((ulong)rest, (ulong)rest ^ ((ulong)i << shift)));
            Spread(i => (rest ^ ((long)i << shift), rest));
            Spread(i => (rest, ~rest, rest ^ ((long)i << shift)));
            Spread(i => Unsafe.BitCast<Int128, Guid>(new Int128((ulong)rest ^ ((ulong)i << shift), (ulong)rest)));
            Spread(i => new DateTime((rest & 0x0FFF_FFFF_FFFF_FFFF) ^ ((long)i << (shift % 40))));
            Spread(i => new decimal((int)rest, i << (shift % 17), (int)rest, false, 3));
        }
    }

    private static void Check<T>(Random random, Func<Random, T> make)
    {
        T[] keys = [.. Enumerable.Range(0, Keys).Select(_ => make(random))];
        uint[] hashes = [.. keys.Select(key => KeyHash.Of(in key))];
        int equal = 0;
        for (int i = 0; i < Keys; i++)
        {
            for (int j = 0; j < i; j++)
            {
                if (EqualityComparer<T>.Default.Equals(keys[i], keys[j]))
                {
                    Assert.True(hashes[i] == hashes[j],
                        $"{typeof(T)}: {keys[i]} and {keys[j]} are equal, and their hashes are {hashes[i]} and {hashes[j]}.");
                    equal++;
                }
            }
        }

        Assert.NotEqual(0, equal);   // else nothing was tried
    }

    private static void Spread<T>(Func<int, T> make)
    {
        const int Many = 1 << 14;
        T[] keys = [.. Enumerable.Range(0, Many).Select(make).Distinct()];
        Assert.InRange(keys.Select(key => KeyHash.Of(in key)).Distinct().Count(), keys.Length - 8, keys.Length);
    }
}
