using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace FastStream.Tests.Core.Memory;

/// <summary>Where records hold texts: what can be copied is found and copied, what cannot is named.</summary>
public sealed unsafe class RecordTextsTests
{
    private static readonly byte[] Bytes = Pinned();

    private readonly struct Line(int number, Utf8Text text, Utf8Text? other)
    {
        public readonly byte Number = (byte)number;
        public readonly Utf8Text Text = text;
        public readonly Utf8Text? Other = other;
        private readonly long _behind = number;

        public long Behind => _behind;
    }

    private readonly record struct Nested(Line Line, Optional<(Utf8Text, int)> Optional, string Name);

    private sealed record Class(Utf8Text Text);

    private record PlainBase(string Name);

    private sealed record OfBase(int Number) : PlainBase("x");

    private abstract class TextBase
    {
        public Utf8Text Text { get; set; }
    }

    private sealed class OfTextBase : TextBase;

    private sealed class Texts : List<Utf8Text>;

    [InlineArray(4)]
    private struct Columns
    {
        public Utf8Text First;
    }

    [InlineArray(4)]
    private struct Numbers
    {
        public long First;
    }

    [StructLayout(LayoutKind.Explicit)]
    private struct Either
    {
        [FieldOffset(0)]
        public Utf8Text Text;

        [FieldOffset(0)]
        public long Number;
    }

    [Fact]
    public void Copy_EveryPlace_IsInTheNewMemory()
    {
        Check(Text(40), text => [text]);
        Check<Utf8Text?>(Text(40), text => [text!.Value]);
        Check((1, Text(40), Text(20), "x"), item => [item.Item2, item.Item3]);
        Check((1, 2, 3, 4, 5, 6, 7, Text(40), Text(16)), item => [item.Item8, item.Item9]);
        Check(new Optional<Utf8Text>(Text(99)), item => [item.Value]);
        Check(new KeyValuePair<string, Utf8Text>("x", Text(40)), item => [item.Value]);
        Check(new Line(3, Text(40), Text(30)), item => [item.Text, item.Other!.Value]);
        Check<(byte, Line?)>((1, new Line(3, Text(40), Text(30))), item => [item.Item2!.Value.Text, item.Item2.Value.Other!.Value]);
        Check(new Nested(new Line(3, Text(40), Text(17)), (Text(50), 7), "x"),
            item => [item.Line.Text, item.Line.Other!.Value, item.Optional.Value.Item1]);
    }

    [Fact]
    public void Copy_NothingOrShort_StaysAsItIs()
    {
        var none = new Nested(new Line(3, Text(15), null), default, "x");
        using var lease = new ArenaLease();
        Nested copy = none;
        RecordTexts<Nested>.Copy(ref copy, new TextArena(), lease);
        Assert.Equal(none.Line.Text, copy.Line.Text);
        Assert.Null(copy.Line.Other);
        Assert.False(copy.Optional.HasValue);
        Assert.Equal(3, copy.Line.Behind);
        Assert.Equal(0, RecordTexts<Nested>.LongBytes(ref copy));
    }

    [Theory]
    [InlineData(typeof(int))]
    [InlineData(typeof(string))]
    [InlineData(typeof(object))]
    [InlineData(typeof(Utf8Text))]
    [InlineData(typeof((Utf8Text, Utf8Text?)))]
    [InlineData(typeof(Optional<Utf8Text>))]
    [InlineData(typeof(Nested))]
    [InlineData(typeof(OfBase))]
    [InlineData(typeof(List<string>))]
    [InlineData(typeof((int, Dictionary<string, int[]>)))]
    [InlineData(typeof(Numbers))]
    [InlineData(typeof(DateTimeOffset))]
    [InlineData(typeof(decimal))]
    [InlineData(typeof(ReadOnlyMemory<byte>))]
    [InlineData(typeof(Func<Utf8Text>))]
    public void Unreachable_PlainOrInPlace_IsNone(Type record) => Assert.Null(RecordFields.Unreachable(record));

    [Theory]
    [InlineData(typeof(Utf8Text[]))]
    [InlineData(typeof(Utf8Text?[]))]
    [InlineData(typeof((int, List<Utf8Text>)))]
    [InlineData(typeof(Class))]
    [InlineData(typeof(OfTextBase))]
    [InlineData(typeof(Texts))]
    [InlineData(typeof(Dictionary<int, Line>))]
    [InlineData(typeof(IReadOnlyList<(int, Utf8Text)>))]
    [InlineData(typeof(Group<int>))]
    [InlineData(typeof((int, Optional<Group<int>>)))]
    [InlineData(typeof(Group<int>[]))]
    [InlineData(typeof(ReadOnlyMemory<Utf8Text>))]
    [InlineData(typeof(Memory<(int, Utf8Text)>))]
    [InlineData(typeof(ArraySegment<Utf8Text>))]
    [InlineData(typeof(System.Collections.Immutable.ImmutableArray<Utf8Text>))]
    [InlineData(typeof(HashSet<Utf8Text>))]
    [InlineData(typeof(Columns))]
    [InlineData(typeof((int, Columns)))]
    [InlineData(typeof(Either))]
    [InlineData(typeof(Optional<Either>))]
    public void Unreachable_BehindReferenceOrOverlaid_IsNamed(Type record) => Assert.NotNull(RecordFields.Unreachable(record));

    [Fact]
    public void TextPaths_Overlaid_AreLeftOut()
    {
        Assert.Empty(RecordFields.TextPaths(typeof(Columns)));
        Assert.Empty(RecordFields.TextPaths(typeof((int, Either))));
    }

    private static void Check<T>(T record, Func<T, Utf8Text[]> texts)
    {
        using var lease = new ArenaLease();
        T copy = record;
        RecordTexts<T>.Copy(ref copy, new TextArena(), lease);
        Assert.True(RecordTexts<T>.Any);
        Assert.Null(RecordTexts<T>.Unreachable);
        Assert.Equal(texts(record), texts(copy));
        Assert.All(texts(copy), text => Assert.False(Bytes.AsSpan().Overlaps(text.LongSpan)));
        Assert.Equal(texts(copy).Sum(text => (long)text.Length), RecordTexts<T>.LongBytes(ref copy));
    }

    private static byte[] Pinned()
    {
        byte[] bytes = GC.AllocateArray<byte>(300, pinned: true);
        Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 60).Select(i => $"{i},"))).AsSpan(0, 150).CopyTo(bytes);
        return bytes;
    }

    private static Utf8Text Text(int length)
    {
        fixed (byte* start = Bytes)
        {
            return Utf8Text.FromPadded(start + length, length);
        }
    }
}
