using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.RegularExpressions;

namespace FastStream.Tests.Core.Memory;

/// <summary>Where records may hide texts by their type, and what is found in them.</summary>
public sealed class HiddenTextFinderTests
{
    private static readonly Utf8Text Text = Utf8Text.Intern("a text of more than fifteen bytes");

    private class Open(string name)
    {
        public string Name { get; } = name;
    }

    private sealed class Opened(string name) : Open(name);

    private sealed class Closed(string name, int[] numbers)
    {
        public string Name { get; } = name;

        public int[] Numbers { get; } = numbers;
    }

    private sealed class OfStream(DStream<int> stream)
    {
        public DStream<int> Stream { get; } = stream;
    }

    private class Base
    {
        private readonly object? _hidden;

        public Base(object? hidden) => _hidden = hidden;

        public override string ToString() => $"{_hidden}";
    }

    private sealed class Derived(object? hidden) : Base(hidden);

    private sealed class Holder(Utf8Text text, Utf8Text? other)
    {
        public Utf8Text First { get; } = text;

        public Utf8Text? Second { get; } = other;
    }

    [InlineArray(3)]
    private struct Three
    {
        public object? First;
    }

    [InlineArray(3)]
    private struct ThreePairs
    {
        public (byte, object?) First;
    }

    [Fact]
    public void AreThere_TypesThatShowAll_AreNot()
    {
        Assert.False(HiddenTexts<int>.AreThere);
        Assert.False(HiddenTexts<string>.AreThere);
        Assert.False(HiddenTexts<Utf8Text>.AreThere);
        Assert.False(HiddenTexts<(Utf8Text, Utf8Text?, string)>.AreThere);
        Assert.False(HiddenTexts<Optional<decimal>>.AreThere);
        Assert.False(HiddenTexts<Closed>.AreThere);
        Assert.False(HiddenTexts<OfStream>.AreThere);
        Assert.False(HiddenTexts<string[]>.AreThere);
        Assert.False(HiddenTexts<(int, Closed?[])>.AreThere);
        Assert.False(HiddenTexts<ReadOnlyMemory<byte>>.AreThere);
        Assert.False(HiddenTexts<ImmutableArray<long>>.AreThere);
        Assert.False(HiddenTexts<StringBuilder>.AreThere);
        Assert.False(HiddenTexts<DateTimeOffset?>.AreThere);
        Assert.False(HiddenTexts<Type>.AreThere);
        Assert.False(HiddenTexts<Regex>.AreThere);
        Assert.False(HiddenTexts<CancellationToken>.AreThere);
    }

    [Fact]
    public void IsIn_RecordsWithoutTexts_IsFalse()
    {
        Check(false, new object());
        Check(false, new Open("x"));
        Check<Open>(false, new Opened("x"));
        Check<object>(false, "x");
        Check<object>(false, 12m);
        Check<object?>(false, null);
        Check(false, new List<string> { "x" });
        Check(false, new Dictionary<string, long>(StringComparer.OrdinalIgnoreCase) { ["x"] = 1 });
        Check(false, new Dictionary<string, object>(StringComparer.Ordinal) { ["x"] = new[] { 1, 2 } });
        Check<Func<int>>(false, () => 3);
        Check(false, new ConcurrentDictionary<string, List<object>>([new("x", [1, "y", new Open("z")])]));
        Check(false, ImmutableDictionary<string, object>.Empty.Add("x", 1).Add("y", new Open("z")));
        Check(false, new Dictionary<string, object> { ["x"] = 1 }.ToFrozenDictionary());
        Check<IEnumerable<int>>(false, Enumerable.Range(0, 10).Where(x => x > 3).Select(x => x + 1));
        Check<Exception>(false, new InvalidOperationException("x", new IOException("y")));
        Check<object>(false, Array.Empty<Utf8Text>());
        Check<object>(false, default(Utf8Text));
        Check<object>(false, new Holder(default, null));
        Check(false, Task.CompletedTask);
        Check<object>(false, new Regex("a+"));
    }

    [Fact]
    public void IsIn_RecordsWithTexts_IsTrue()
    {
        Check<object>(true, Text);
        Check<object>(true, new Holder(Text, null));
        Check<object>(true, new Holder(default, Text));
        Check(true, new Base(Text));
        Check(true, new Derived(Text));
        Check<object>(true, new[] { Text });
        Check<object>(true, new[] { (1, (byte)2, Text) });
        Check<object>(true, new List<(string, Utf8Text?)> { ("x", Text) });
        Check(true, new ConcurrentDictionary<string, List<object>>([new("x", [1, "y", Text])]));
        Check(true, ImmutableDictionary<string, object>.Empty.Add("x", 1).Add("y", Text));
        Check(true, new Dictionary<string, object> { ["x"] = Text }.ToFrozenDictionary());
        Check(true, new LinkedList<object>([1, 2, Text]));
        Check<Exception>(true, new InvalidOperationException("x", new IOException("y") { Data = { ["text"] = Text } }));
        Check<object>(true, default(Group<int>));
    }

    [Fact]
    public void IsIn_EveryPlaceOfAStruct_IsLookedAt()
    {
        Check(true, (1, (byte)2, (object)Text, "x"));
        Check(true, (1, ((object?)null, (byte)2, (object)Text)));
        Check(true, new Optional<(int, object)>((1, Text)));
        Check(true, new KeyValuePair<object, object>(1, Text));
        Check<(int, object)?>(true, (1, Text));
        Check<(byte, (int, (byte, object)?)?)>(true, (1, (2, (3, Text))));
        Check<(byte, (int, (byte, object)?)?)>(false, (1, (2, null)));
        Check<(byte, (int, (byte, object)?)?)[]>(true, [default, (1, (2, (3, Text)))]);
        Check<(byte, object)?[]>(true, [null, (1, Text)]);
        Check(true, new ArraySegment<object>([1, Text]));
        for (int i = 0; i < 3; i++)
        {
            Three three = default;
            three[i] = Text;
            Check(true, (1, three));
            ThreePairs pairs = default;
            pairs[i].Item2 = Text;
            Check(true, pairs);
        }
    }

    [Fact]
    public void IsIn_LongChain_NeedsNoStack()
    {
        Base chain = new(null);
        for (int i = 0; i < 200_000; i++)
        {
            chain = new Base(chain);
        }

        Check(false, chain);
        Check(true, (chain, (object)new Base(Text)));
    }

    [Fact]
    public void IsIn_OneFinderForManyRecords_TakesEachForItself()
    {
        var finder = new HiddenTextFinder();
        object[] records =
            [new Open("x"), 1, new Holder(Text, null), new Holder(default, null), new object[] { Text },
                new object[] { 1 }, new Base(Text), "x"];
        Assert.Equal([false, false, true, false, true, false, true, false], records.Select(record => finder.IsIn(in record)));
        Assert.True(finder.AreIn<object>(records));
        Assert.False(finder.AreIn<object>([1, "x", new Base(1)]));
    }

    [Fact]
    public void ThrowIfIn_Found_NamesTheFields()
    {
        CheckMessage<object>(Text, "it is a Utf8Text");
        CheckMessage(new Base(Text), "Base._hidden is a Utf8Text");
        CheckMessage((1, new Base(new Holder(Text, null))), "Base._hidden (Holder).First is a Utf8Text");
        CheckMessage<object>(
            new object[] { 1, new List<Utf8Text> { Text } }, "Object[][…] (List<Utf8Text>)._items (Utf8Text[]) holds a Utf8Text");
    }

    [Fact]
    public void AreIn_WarmRecordsWithoutTexts_AllocatesNothing()
    {
        CheckAllocation<Open>(i => i % 2 == 0 ? new Open("x") : new Opened("y"));
        CheckAllocation<object>(i => i % 3 == 0 ? "x" : i % 3 == 1 ? new Open("y") : new Base(new Opened("z")));
        CheckAllocation<(int, object, string)>(i => (i, new Base(new Base(null)), "x"));
        CheckAllocation(i => new Dictionary<string, object> { ["x"] = new Base("y"), ["z"] = "x" });
        CheckAllocation<List<Base>>(i => [.. Enumerable.Range(0, 40).Select(_ => new Base("x"))]);
        CheckAllocation<Func<int>>(i => () => i);
    }

    private static void CheckAllocation<T>(Func<int, T> make)
    {
        T[] records = [.. Enumerable.Range(0, 200).Select(make)];
        var finder = new HiddenTextFinder();
        long least = long.MaxValue;
        for (int run = 0; run < 100; run++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            Assert.False(finder.AreIn<T>(records));
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, least);
    }

    private static void CheckMessage<T>(T record, string expected)
    {
        var finder = new HiddenTextFinder();
        string message = Assert.Throws<InvalidOperationException>(() => finder.ThrowIfIn(in record, "A state")).Message;
        Assert.StartsWith($"A state of type {typeof(T)} is kept longer than its batch, and {expected}, ", message,
            StringComparison.Ordinal);
    }

    private static void Check<T>(bool expected, T record) => Assert.Equal(expected, new HiddenTextFinder().IsIn(in record));
}
