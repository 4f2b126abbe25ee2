using System.Buffers;
using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Collections.ObjectModel;
using System.Globalization;
using System.Net;
using System.Numerics;
using System.Text;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;

namespace FastStream.Tests.Core.Serialization;

/// <summary>Values that JSON alone would change: each comes back as it was, or is refused by name.</summary>
public sealed partial class ExactJsonTests
{
    private class Animal
    {
        public string? Name { get; set; }
    }

    private sealed class Dog : Animal
    {
        public int Age { get; set; }
    }

    private sealed class Zoo
    {
        public Animal? First { get; set; }

        public List<Animal> All { get; set; } = [];
    }

    private sealed class Visitors
    {
        public HashSet<string> Names { get; set; } = new(StringComparer.OrdinalIgnoreCase);
    }

    private sealed class IgnoringCase() : Dictionary<string, int>(StringComparer.OrdinalIgnoreCase);

    private sealed class Descending : IComparer<int>
    {
        public int Compare(int x, int y) => y.CompareTo(x);
    }

    private sealed class Highest() : SortedSet<int>(new Descending());

    private sealed class Labelled : List<int>
    {
        public string Label => "";
    }

    private sealed class Node
    {
        public Node? Next { get; set; }
    }

    private class Outer
    {
        public int Value { get; set; }
    }

    private sealed class Hiding : Outer
    {
        public new int Value { get; set; }
    }

    private class Virtual
    {
        public virtual int Value { get; set; }
    }

    private sealed class Overriding : Virtual
    {
        public override int Value { get; set; }
    }

    private sealed class Twin
    {
        private int _count;

        public int Count { get; set; }

        public int Next() => ++_count;
    }

    private sealed class Conditional
    {
        [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
        public string? Text { get; set; } = "begin";

        [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
        public int Number { get; set; } = 7;
    }

    [JsonDerivedType(typeof(Square))]
    private class Shape;

    private sealed class Square : Shape
    {
        public int Side { get; set; }
    }

    private sealed class Strings
    {
        [JsonNumberHandling(JsonNumberHandling.WriteAsString)]
        public int Number { get; set; }
    }

    private sealed class Announcing
    {
        public int Number { get; set; }

        public event EventHandler? Changed;

        public void Change() => Changed?.Invoke(this, EventArgs.Empty);
    }

    private enum Wide : ulong
    {
        None,
        Most = ulong.MaxValue,
    }

    private static byte[] Write<T>(T record)
    {
        var writer = new ArrayBufferWriter<byte>();
        new RecordSerializers().Of<T>().Write(in record, writer);
        return writer.WrittenSpan.ToArray();
    }

    private static T Back<T>(T record)
    {
        ReadOnlySpan<byte> bytes = Write(record);
        T read = new RecordSerializers().Of<T>().Read(ref bytes);
        Assert.True(bytes.IsEmpty);
        return read;
    }

    private static void RefusedValue<T>(T record, params string[] parts)
    {
        string message = Assert.Throws<NotSupportedException>(() => Write(record)).Message;
        Assert.All(parts, part => Assert.Contains(part, message, StringComparison.Ordinal));
        Assert.Contains("CheckpointOptions.Serializers", message, StringComparison.Ordinal);
    }

    private static void RefusedType<T>(string part)
    {
        string message = Assert.Throws<NotSupportedException>(() => new RecordSerializers().Of<T>()).Message;
        Assert.Contains(part, message, StringComparison.Ordinal);
        Assert.Contains("CheckpointOptions.Serializers", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_CollectionWithComparer_IsRefusedWithItsPlace()
    {
        StringComparer ignoring = StringComparer.OrdinalIgnoreCase;
        var descending = Comparer<int>.Create((a, b) => b.CompareTo(a));
        RefusedValue(new HashSet<string>(ignoring), "Comparer", "HashSet");
        RefusedValue(new Dictionary<string, int>(ignoring), "Comparer", "Dictionary");
        RefusedValue(new OrderedDictionary<string, int>(ignoring), "Comparer");
        RefusedValue(new ConcurrentDictionary<string, int>(ignoring), "Comparer");
        RefusedValue(new SortedSet<int>(descending) { 1 }, "Comparer", "SortedSet");
        RefusedValue(new SortedDictionary<int, int>(descending), "Comparer");
        RefusedValue(new SortedList<int, int>(descending), "Comparer");
        RefusedValue(ImmutableHashSet.Create<string>(ignoring), "KeyComparer");
        RefusedValue(ImmutableSortedSet.Create<int>(descending), "KeyComparer");
        RefusedValue(ImmutableDictionary.Create<string, int>(ignoring), "KeyComparer");
        RefusedValue(ImmutableDictionary.Create<int, string>(null, ignoring), "ValueComparer");
        RefusedValue(ImmutableSortedDictionary.Create<int, int>(descending), "KeyComparer");
        RefusedValue<ISet<string>>(new HashSet<string>(ignoring), "Comparer");
        RefusedValue<IReadOnlyDictionary<string, int>>(new Dictionary<string, int>(ignoring), "Comparer");
        RefusedValue(new Visitors(), "$.Names", "Comparer");
        RefusedValue(new Dictionary<string, List<Visitors>> { ["x"] = [new Visitors()] }, "Names", "Comparer");
        RefusedValue((1, new HashSet<string>(StringComparer.InvariantCulture)), "$.Item2");
        RefusedValue(new Optional<HashSet<string>>(new HashSet<string>(ignoring)), "Comparer");
        RefusedValue(new SortedSet<string>(StringComparer.Ordinal), "Comparer");
    }

    [Fact]
    public void Read_CollectionsOfTheDefaultComparer_AreTheSame()
    {
        Assert.Equal(["b", "a"], Back(new HashSet<string> { "b", "a" }));
        Assert.Equal(["a"], Back(new HashSet<string>(StringComparer.Ordinal) { "a" }));
        Assert.Equal([1, 2], Back(new SortedSet<int> { 2, 1 }));
        Assert.Equal(2, Back(new ConcurrentDictionary<string, int> { ["a"] = 2 })["a"]);
        Assert.Equal(["z", "a"], Back(new OrderedDictionary<string, int> { ["z"] = 1, ["a"] = 2 }).Keys);
        Assert.Equal([3, 4], Back(ImmutableSortedSet.Create(4, 3)).ToArray());
        Assert.True(Back(ImmutableArray.Create(3, 4)).SequenceEqual([3, 4]));
        Assert.Equal([1, 2], Back(new LinkedList<int>([1, 2])));
        Assert.Equal([1, 2], Back(new ObservableCollection<int>([1, 2])));
        Assert.Equal([[1], [2, 3]], Back<int[][]>([[1], [2, 3]]));
        Assert.Equal([1, 2], Back(new Memory<int>([1, 2])).ToArray());
        Assert.Equal([1, 2], Back(new ReadOnlyMemory<byte>([1, 2])).ToArray());
        Assert.Equal([1, 2], Back<IEnumerable<int>>(Enumerable.Range(1, 2)));
        Assert.Equal([1, 2], Back<IReadOnlyCollection<int>>((int[])[1, 2]));
        Assert.Equal(7, Back(new Dictionary<string, int> { ["$id"] = 7, ["$type"] = 8, [""] = 9 })["$id"]);
        Assert.Equal(1, Back(new IgnoringCase { ["Ann"] = 1 })["ANN"]);
        Assert.Equal([3, 2, 1], Back(new Highest { 1, 2, 3 }));
    }

    [Fact]
    public void Write_ObjectsOfOtherClasses_AreRefusedWithTheirPlace()
    {
        var dog = new Dog { Age = 3 };
        RefusedValue(new Zoo { First = dog }, "Dog", "Animal", "$.First");
        RefusedValue(new Zoo { All = [dog] }, "Dog", "$.All");
        RefusedValue<Animal>(dog, "Dog");
        RefusedValue(new Dictionary<string, Animal> { ["x"] = dog }, "Dog", "x");
        RefusedValue<Animal[]>(new Dog[1], "Dog[]");
        RefusedValue<List<int>>(new Labelled(), "Labelled");
        RefusedValue(new SortedSet<int> { 1, 2, 3 }.GetViewBetween(1, 2), "SortedSet");
        RefusedValue<IDictionary<string, int>>(new SortedDictionary<string, int>(), "SortedDictionary");
        RefusedValue<IEnumerable<int>>(new HashSet<int> { 1 }, "HashSet");
        RefusedValue<IReadOnlyList<int>>(ImmutableSortedSet.Create(1), "ImmutableSortedSet");
        RefusedValue<IReadOnlyList<int>>(new Labelled(), "Labelled");
        Assert.Equal(3, Back(dog).Age);
        Assert.Equal("x", Back(new Zoo { First = new Animal { Name = "x" } }).First!.Name);
    }

    [Fact]
    public void Write_WhatHasNoJson_IsRefused()
    {
        var circle = new Node();
        circle.Next = circle;
        RefusedValue(circle, "cycle");
        RefusedValue(default(ImmutableArray<int>), "ImmutableArray");
        RefusedValue(new Dictionary<double, int> { [double.NaN] = 1 }, "Dictionary");
        RefusedValue(new Dictionary<string, int> { ["\uD800"] = 1 }, "surrogate");
        RefusedValue(new Dictionary<char, int> { ['\uDC00'] = 1 }, "surrogate");
        RefusedValue(new Dictionary<Uri, int> { [new Uri("c:\\a", UriKind.Relative)] = 1 }, "c:\\a");
    }

    [Fact]
    public void Read_HalvesOfSurrogatePairs_AreTheSame()
    {
        foreach (string text in new[] { "\uD800", "a\uDC00", "\uD83D\uDE00\uD83D", "\uDE00\uD83D", "\uD83D\uDE00", "", "ü\"\\" })
        {
            Assert.Equal(text, Back((text, 1)).text);
            Assert.Equal(text, Back(new Animal { Name = text }).Name);
            Assert.True(Back<string?[]>([text, null]).SequenceEqual([text, null]));
            Assert.Equal(text.ToCharArray(), Back(text.ToCharArray()));
        }

        Assert.Equal(3, Back(new Dictionary<string, int> { ["\uD83D\uDE00"] = 3 })["\uD83D\uDE00"]);
        Assert.Equal(3, Back(new Dictionary<char, int> { ['ü'] = 3 })['ü']);
    }

    [Fact]
    public void Read_Addresses_AreTheSame()
    {
        Uri[] relative =
            [new Uri("c:\\a", UriKind.Relative), new Uri("/a", UriKind.RelativeOrAbsolute), new Uri("a/../b", UriKind.Relative)];
        foreach (Uri uri in relative.Append(new Uri("http://example.org/ä b?q=%20")).Append(new Uri("file:///a")))
        {
            Uri back = Back((uri, 1)).uri;
            Assert.Equal((uri, uri.IsAbsoluteUri, uri.OriginalString), (back, back.IsAbsoluteUri, back.OriginalString));
        }

        Assert.Equal(1, Back(new Dictionary<Uri, int> { [new Uri("http://example.org/")] = 1 })[new Uri("http://example.org/")]);
        Assert.Equal(new Version(1, 2, 3), Back(new Version(1, 2, 3)));
        RefusedType<IPAddress>("IPAddress");
        RefusedType<IPEndPoint>("IPEndPoint");
        RefusedType<(string, IPNetwork)>("IPNetwork");
    }

    [Fact]
    public void Read_NumbersAndTimes_AreTheSame()
    {
        double[] numbers = [-0.0, double.NaN, double.Epsilon, double.MaxValue, double.NegativeInfinity, 0.1];
        double[] doubles = Back(numbers);
        Assert.Equal(numbers.Select(BitConverter.DoubleToInt64Bits), doubles.Select(BitConverter.DoubleToInt64Bits));
        Assert.Equal(-1, MathF.Sign(1 / Back(("", -0f)).Item2));
        Assert.True(Half.IsNegative(Back(("", (Half)(-0.0))).Item2));
        foreach (decimal number in new[] { 1.10m, 0.000m, decimal.MaxValue, -79228162514264337593543950.335m })
        {
            Assert.Equal(decimal.GetBits(number), decimal.GetBits(Back(("", number)).number));
        }

        (Int128, UInt128, ulong, long, string) whole = (Int128.MinValue, UInt128.MaxValue, ulong.MaxValue, long.MinValue, "");
        Assert.Equal(whole, Back(whole));
        foreach (DateTimeKind kind in Enum.GetValues<DateTimeKind>())
        {
            var time = new DateTime(638_000_000_000_000_001, kind);
            DateTime back = Back(("", time)).time;
            Assert.Equal((time.Ticks, kind), (back.Ticks, back.Kind));
        }

        var offset = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.FromMinutes(-345)).AddTicks(7);
        Assert.True(offset.EqualsExact(Back(("", offset)).offset));
        (TimeSpan, TimeOnly, DateOnly, string) times = (TimeSpan.MinValue, TimeOnly.MaxValue, DateOnly.MaxValue, "");
        Assert.Equal(times, Back(times));
        Assert.Equal((Wide.Most, ""), Back((Wide.Most, "")));
        Assert.Equal(1, Back(new Dictionary<Wide, int> { [Wide.Most] = 1 })[Wide.Most]);
    }

    [Fact]
    public void Read_PropertiesThatMayBeLeftOut_AreTheSame()
    {
        Conditional back = Back(new Conditional { Text = null, Number = 0 });
        Assert.Equal((null, 0), (back.Text, back.Number));
        Assert.Equal(3, Back(new Overriding { Value = 3 }).Value);
    }

    [Fact]
    public void Of_TypesThatDoNotComeBack_AreRefused()
    {
        RefusedType<Hiding>("Outer.Value is not read back");
        RefusedType<Twin>("Twin._count is not read back");
        RefusedType<Shape>("discriminator");
        RefusedType<Strings>("Strings.Number");
        RefusedType<Announcing>("Announcing.Changed");
        RefusedType<BigInteger>("BigInteger");
        RefusedType<(string, Complex)>("Complex");
        RefusedType<(string, Index)>("Index");
        RefusedType<(string, Rune)>("Rune");
        RefusedType<Regex>("Regex");
        RefusedType<Lazy<int>>("Lazy");
        RefusedType<Type>("Type");
        RefusedType<Stream>("Stream");
        RefusedType<MemoryStream>("MemoryStream");
        RefusedType<Task<int>>("Task");
        RefusedType<StringBuilder>("StringBuilder");
        RefusedType<CultureInfo>("CultureInfo");
        RefusedType<TimeZoneInfo>("TimeZoneInfo");
        RefusedType<Exception>("Exception");
        RefusedType<IAsyncEnumerable<int>>("IAsyncEnumerable");
        RefusedType<ArraySegment<int>>("ArraySegment");
        RefusedType<ReadOnlyCollection<int>>("ReadOnlyCollection");
        RefusedType<ReadOnlyDictionary<string, int>>("ReadOnlyDictionary");
        RefusedType<FrozenSet<int>>("FrozenSet");
        RefusedType<ConcurrentBag<int>>("ConcurrentBag");
        RefusedType<ILookup<string, int>>("ILookup");
        RefusedType<int[,]>("Int32[,]");
        RefusedType<WeakReference<string>>("WeakReference");
        RefusedType<Random>("Random");
        RefusedType<FileInfo>("FileInfo");
        RefusedType<Func<int>>("Func");
        RefusedType<(string, dynamic)>("Object");
    }

    [Fact]
    public void Read_LongTexts_LieInTheBytesThatWereRead()
    {
        string text = "longer than fifteen bytes, with a \" and an ü";
        byte[] written = Write(
            ("x", Utf8Text.Intern(text), Utf8Text.Intern("short"), (Utf8Text?)null, Utf8Text.Intern([0xFF, .. new byte[20]])));
        byte[] pinned = GC.AllocateUninitializedArray<byte>(written.Length, pinned: true);
        written.CopyTo(pinned, 0);
        ReadOnlySpan<byte> bytes = pinned;
        (string Name, Utf8Text First, Utf8Text Second, Utf8Text? Third, Utf8Text Fourth) read =
            new RecordSerializers().Of<(string, Utf8Text, Utf8Text, Utf8Text?, Utf8Text)>().Read(ref bytes);
        Assert.True(bytes.IsEmpty);
        Assert.Equal((text, "short", null), (read.First.ToString(), read.Second.ToString(), read.Third));
        Assert.Equal([0xFF, .. new byte[20]], read.Fourth.ToArray());
        Assert.True(((ReadOnlySpan<byte>)pinned).Overlaps(read.First.Span));
        Assert.True(((ReadOnlySpan<byte>)pinned).Overlaps(read.Fourth.Span));
    }

    [Fact]
    public void Read_LongTextsOfOlderCheckpoints_AreTheSame()
    {
        var writer = new ArrayBufferWriter<byte>();
        new TextSerializer().Write("""{"Item1":"x","Item2":"longer than fifteen bytes, with a \u0022"}""", writer);
        ReadOnlySpan<byte> bytes = writer.WrittenSpan;
        (string, Utf8Text) read = new RecordSerializers().Of<(string, Utf8Text)>().Read(ref bytes);
        Assert.Equal(("x", "longer than fifteen bytes, with a \""), (read.Item1, read.Item2.ToString()));
    }

    [Fact]
    public void Write_LocalTimes_ComeBackAsTheClockShowedThem()
    {
        // Summer time leaves the first out in Berlin and repeats the second; a form with an offset would depend on the machine.
        DateTime[] times = [new(2026, 3, 29, 2, 30, 0, DateTimeKind.Local),
            new(2026, 10, 25, 2, 30, 0, 123, DateTimeKind.Local), new(5, DateTimeKind.Utc),
            new(7, DateTimeKind.Unspecified), DateTime.MaxValue];
        DateTime[] read = Back(times);
        Assert.Equal(times, read);
        Assert.Equal(times.Select(time => time.Kind), read.Select(time => time.Kind));
        Dictionary<DateTime, int> keys = Back(times.ToDictionary(time => time, time => (int)time.Kind));
        Assert.All(keys, pair => Assert.Equal((DateTimeKind)pair.Value, pair.Key.Kind));
        var writer = new ArrayBufferWriter<byte>();
        new JsonRecordSerializer<DateTime[]>().Write(times[..1], writer);
        Assert.Contains("[\"local 2026-03-29T02:30:00.0000000\"]", Encoding.UTF8.GetString(writer.WrittenSpan), StringComparison.Ordinal);
    }

    // The hour that comes twice, whose first pass .NET knows by a bit of its own.
    [Fact]
    public void Write_LocalTimeOfARepeatedHour_KeepsWhichPassItIs()
    {
        var second = new DateTime(2026, 10, 25, 2, 30, 0, DateTimeKind.Local);
        DateTime first = System.Runtime.CompilerServices.Unsafe.BitCast<ulong, DateTime>((ulong)second.Ticks | 0xC000_0000_0000_0000);
        Assert.Equal((second, DateTimeKind.Local), (first, first.Kind));
        DateTime[] read = Back(new[] { first, second });
        Assert.Equal([Bits(first), Bits(second)], read.Select(Bits));
        Assert.Equal(Bits(first), Bits(Assert.Single(Back(new Dictionary<DateTime, int> { [first] = 1 })).Key));
        Assert.Equal([(Bits(first), "")], new[] { Back((first, "")) }.Select(pair => (Bits(pair.first), pair.Item2)));

        static ulong Bits(DateTime time) => System.Runtime.CompilerServices.Unsafe.BitCast<DateTime, ulong>(time);
    }

    // As JSON alone writes them, and as versions before this one did.
    [Theory]
    [InlineData("2026-03-29T02:30:00Z", DateTimeKind.Utc)]
    [InlineData("2026-03-29T02:30:00", DateTimeKind.Unspecified)]
    [InlineData("2026-03-29T02:30:00.1234567", DateTimeKind.Unspecified)]
    [InlineData("2026-03-29T02:30:00+05:30", DateTimeKind.Local)]
    public void Read_TimesInTheUsualForm_AreRead(string text, DateTimeKind kind)
    {
        Assert.Equal(kind, Assert.Single(Read<DateTime[]>($"[\"{text}\"]")).Kind);
        Assert.Equal(kind, Assert.Single(Read<Dictionary<DateTime, int>>($"{{\"{text}\":1}}")).Key.Kind);
    }

    [Theory]
    [InlineData("\"local \"")]
    [InlineData("\"local 2026-03-29\"")]
    [InlineData("\"local summer\"")]
    [InlineData("\"local 2026-03-29T02:30:00.0000000 summer summer\"")]
    [InlineData("null")]
    [InlineData("5")]
    public void Read_WhatIsNoTime_IsRefused(string json) => Assert.Throws<InvalidDataException>(() => Read<DateTime[]>($"[{json}]"));

    private static T Read<T>(string json)
    {
        byte[] text = Encoding.UTF8.GetBytes(json);
        ReadOnlySpan<byte> bytes = [.. BitConverter.GetBytes(text.Length), .. text];
        return new JsonRecordSerializer<T>().Read(ref bytes);
    }

    // Handles and pointers in objects, as in structs.
    [Fact]
    public void New_PlacesInMemory_AreRefused()
    {
        RefusedType<(string, nint)>("System.IntPtr");
        RefusedType<(string, System.Runtime.InteropServices.GCHandle)>("GCHandle");
        RefusedType<List<System.Runtime.InteropServices.GCHandle<string>>>("GCHandle");
        RefusedType<Microsoft.Win32.SafeHandles.SafeFileHandle>("SafeFileHandle");
    }

    [JsonSerializable(typeof(Zoo))]
    [JsonSerializable(typeof(HashSet<string>))]
    private sealed partial class Generated : JsonSerializerContext;

    [Fact]
    public void Write_ByGeneratedCode_ValuesAreLookedAtToo()
    {
        var zoos = new JsonRecordSerializer<Zoo>(Generated.Default.Zoo);
        var writer = new ArrayBufferWriter<byte>();
        zoos.Write(new Zoo { First = new Animal { Name = "x" } }, writer);
        ReadOnlySpan<byte> bytes = writer.WrittenSpan;
        Assert.Equal("x", zoos.Read(ref bytes).First!.Name);
        var error = Assert.Throws<NotSupportedException>(() => zoos.Write(new Zoo { First = new Dog() }, writer));
        Assert.Contains("$.First", error.Message, StringComparison.Ordinal);
        var sets = new JsonRecordSerializer<HashSet<string>>(Generated.Default.HashSetString);
        error = Assert.Throws<NotSupportedException>(() => sets.Write(new HashSet<string>(StringComparer.OrdinalIgnoreCase), writer));
        Assert.Contains("Comparer", error.Message, StringComparison.Ordinal);
    }
}
