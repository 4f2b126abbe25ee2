namespace FastStream.Tests.Core.Memory;

/// <summary>Keys that are structs: equal keys have one hash, and keys that were chosen to clash do not.</summary>
public sealed class KeyFieldsTests
{
    private const int Many = 100_000;

    private enum Colour : byte
    {
        Red,
        Blue,
    }

    private readonly record struct Point(int X, int Y);

    private readonly record struct Named(string Name, Colour Colour, double Size);

    private readonly record struct Nested(Point At, (short, byte) Tag, Guid? Id);

    private struct Plain
    {
        public byte First;
        public long Second;
    }

    // Equal where the texts are, whatever their case: the fields do not show it.
    private readonly struct AnyCase(string text) : IEquatable<AnyCase>
    {
        private readonly string _text = text;

        public bool Equals(AnyCase other) => string.Equals(_text, other._text, StringComparison.OrdinalIgnoreCase);

        public override bool Equals(object? obj) => obj is AnyCase other && Equals(other);

        public override int GetHashCode() => StringComparer.OrdinalIgnoreCase.GetHashCode(_text);
    }

    private readonly record struct OwnEquality(int Value)
    {
        public bool Equals(OwnEquality other) => Value % 10 == other.Value % 10;

        public override int GetHashCode() => Value % 10;
    }

    // The Equals that collections call is another than that by name.
    private readonly record struct Explicit(int Value) : IEquatable<Explicit>
    {
        bool IEquatable<Explicit>.Equals(Explicit other) => Value % 10 == other.Value % 10;

        public override int GetHashCode() => Value % 10;
    }

    [Fact]
    public void Hash_EqualKeys_IsOne()
    {
        Same(0.0, -0.0);
        Same(double.NaN, BitConverter.Int64BitsToDouble(0x7FF8_0000_0000_0001));
        Same(0f, -0f);
        Same(1.0m, 1.00m);
        Same(0m, -0.0m);
        Same(12.30m, 12.3000m);
        Same(new DateTime(5, DateTimeKind.Utc), new DateTime(5, DateTimeKind.Local));
        Same(new DateTimeOffset(2026, 1, 1, 12, 0, 0, TimeSpan.Zero), new DateTimeOffset(2026, 1, 1, 14, 0, 0, TimeSpan.FromHours(2)));
        Same((1L, 2), (1L, 2));
        Same((0.0, 1m), (-0.0, 1.0m));
        Same(new Named(new string('a', 3), Colour.Blue, 0.0), new Named("aaa", Colour.Blue, -0.0));
        Same(new Nested(new Point(1, 2), (3, 4), null), new Nested(new Point(1, 2), (3, 4), null));
        Same(new AnyCase("Ann"), new AnyCase("ANN"));
        Same(new OwnEquality(3), new OwnEquality(13));
        Same(new Explicit(3), new Explicit(13));
        Same((1, new Explicit(3)), (1, new Explicit(13)));
        Same<Explicit?>(new Explicit(3), new Explicit(13));
        Same(KeyValuePair.Create(1, "x"), KeyValuePair.Create(1, new string('x', 1)));
        Same<int?>(null, null);
        Same((Utf8Text.Intern("a text of more than fifteen bytes"), 1), (Utf8Text.Intern("a text of more than fifteen bytes"), 1));
        Same((1, 2, 3, 4, 5, 6, 7, 8, 9), (1, 2, 3, 4, 5, 6, 7, 8, 9));
    }

    [Fact]
    public void Hash_BytesBetweenTheFields_MeanNothing()
    {
        Assert.True(KeyFields<Plain>.AreKnown);
        var clean = new Plain { First = 1, Second = 2 };
        Plain dirty = clean;
        System.Runtime.InteropServices.MemoryMarshal.AsBytes(new Span<Plain>(ref dirty))[1..8].Fill(0xEE);
        Assert.Equal((1, 2L), (dirty.First, dirty.Second));
        Assert.Equal(KeyHash.Of(in clean), KeyHash.Of(in dirty));
    }

    [Theory]
    [InlineData(typeof((long, int)), true)]
    [InlineData(typeof(Guid), true)]
    [InlineData(typeof(double), true)]
    [InlineData(typeof(decimal), true)]
    [InlineData(typeof(Point), true)]
    [InlineData(typeof(Named), true)]
    [InlineData(typeof(Nested), true)]
    [InlineData(typeof(AnyCase), false)]
    [InlineData(typeof(OwnEquality), false)]
    [InlineData(typeof(Explicit), false)]
    [InlineData(typeof((int, Explicit)), false)]
    [InlineData(typeof((int, object)), false)]
    [InlineData(typeof(System.Numerics.BigInteger), false)]
    public void Fields_AreTakenOnlyWhereTheyMakeKeysEqual(Type key, bool expected) =>
        Assert.Equal(expected, typeof(KeyFields<>).MakeGenericType(key).GetField("AreKnown")!.GetValue(null));

    // Keys whose own hash codes are all equal.
    [Fact]
    public void Hash_ChosenKeys_Spread()
    {
        Spread(i => (First: (long)i | ((long)i << 32), Second: 0), key => key.First.GetHashCode());
        Spread(i => BitConverter.Int64BitsToDouble(((long)i << 32) | (uint)(i ^ 0x3FF00000)), key => key.GetHashCode());
        Spread(i => new Guid(i, 0, 0, 0, 0, 0, 0, (byte)i, (byte)(i >> 8), (byte)(i >> 16), (byte)(i >> 24)), key => key.GetHashCode());
        Spread(i => new Point(i, unchecked((int)(-(uint)i * unchecked((uint)-1521134295)))), key => key.GetHashCode());
    }

    private static void Same<T>(T left, T right)
    {
        Assert.True(EqualityComparer<T>.Default.Equals(left, right));
        Assert.Equal(KeyHash.Of(in left), KeyHash.Of(in right));
    }

    private static void Spread<T>(Func<int, T> make, Func<T, int> own)
        where T : notnull
    {
        T[] keys = [.. Enumerable.Range(0, Many).Select(make)];
        Assert.Equal(Many, keys.Distinct().Count());
        Assert.InRange(keys.Select(own).Distinct().Count(), 1, Many / 100);
        Assert.InRange(keys.Select(key => KeyHash.Of(in key)).Distinct().Count(), Many - 40, Many);
        int[] slots = new int[1024];
        foreach (T key in keys)
        {
            slots[KeyHash.Of(in key) & 1023]++;
        }

        Assert.InRange(slots.Max(), 1, 200);
    }
}
