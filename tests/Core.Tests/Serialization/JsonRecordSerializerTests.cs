using System.Buffers;
using System.Collections;
using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace FastStream.Tests.Core.Serialization;

/// <summary>Objects by JSON: what comes back as it was, and what is refused before anything is written because it would not.</summary>
public sealed class JsonRecordSerializerTests
{
    private sealed record Order(string Name, int Count, Order? Parent, List<int>? Numbers);

    private sealed class PrivateSetters
    {
        [JsonInclude]
        public int Included { get; private set; }

        public void Set(int value) => Included = value;
    }

    private sealed class ByConstructor(string name, long count)
    {
        private readonly long _count = count;

        public string Name { get; } = name;

        public long Count => _count;

        public long Twice => _count * 2;
    }

    private sealed class Fields
    {
        public int Number;
        public string? Text;

        [JsonIgnore]
        private int _cached;

        public int Cached() => _cached++;
    }

    [JsonDerivedType(typeof(Circle), "circle")]
    private abstract record Shape;

    private sealed record Circle(double Radius) : Shape;

    private class Animal
    {
        public string? Name { get; set; }
    }

    private sealed class Dog : Animal
    {
        public int Age { get; set; }
    }

    private sealed class Silent
    {
        public int Value { get; private set; }

        public void Add() => Value++;
    }

    private sealed class Counter
    {
        private int _count;

        public int Next() => ++_count;
    }

    private class Hidden
    {
        private readonly List<int> _seen = [];

        public int Add(int value)
        {
            _seen.Add(value);
            return _seen.Count;
        }
    }

    private sealed class OfHidden : Hidden
    {
        public int Value { get; set; }
    }

    private sealed class ReadOnlyField
    {
        public readonly int Value = 3;
    }

    private readonly struct StructByConstructor(string text)
    {
        public string Text { get; } = text;
    }

    private sealed class Named : List<int>
    {
        public string Name = "";
    }

    private sealed class PrivateConstructor
    {
        private PrivateConstructor(int value) => Value = value;

        public int Value { get; }

        public static PrivateConstructor Of(int value) => new(value);
    }

    private sealed class Throwing(int value)
    {
        public int Value { get; } = value > 0 ? value : throw new ArgumentException("no");
    }

    private static byte[] Write<T>(T record)
    {
        var writer = new ArrayBufferWriter<byte>();
        new RecordSerializers().Of<T>().Write(in record, writer);
        return writer.WrittenSpan.ToArray();
    }

    private static T RoundTrip<T>(T record)
    {
        Assert.IsType<JsonRecordSerializer<T>>(new RecordSerializers().Of<T>());
        byte[] written = Write(record);
        ReadOnlySpan<byte> bytes = [.. written, 1, 2];
        T read = new RecordSerializers().Of<T>().Read(ref bytes);
        Assert.Equal(2, bytes.Length);
        Assert.Equal(written, Write(read));
        return read;
    }

    private static string Refused<T>() => Assert.Throws<NotSupportedException>(() => new RecordSerializers().Of<T>()).Message;

    [Fact]
    public void Read_WhatWasWritten_IsTheSame()
    {
        Order order = RoundTrip(new Order("a\u0001\"ü\U0001F600", 3, new Order("b", -1, null, []), [1, 2, 3]));
        Assert.Equal(("a\u0001\"ü\U0001F600", "b", 3), (order.Name, order.Parent!.Name, order.Numbers!.Count));
        Assert.Null(RoundTrip<Order?>(null));
        Assert.Equal((1, "x", null), RoundTrip((1, "x", (string?)null)));
        Assert.Equal((1, 2, 3, 4, 5, 6, 7, "eight", "nine"), RoundTrip((1, 2, 3, 4, 5, 6, 7, "eight", "nine")));
        Assert.Equal([double.NaN, double.NegativeInfinity, -0.0, double.Epsilon],
            RoundTrip(new[] { double.NaN, double.NegativeInfinity, -0.0, double.Epsilon }));
        Assert.Equal((float.NaN, "x"), RoundTrip((float.NaN, "x")));
        Assert.Equal("1.10", RoundTrip<(decimal, string)>((1.10m, "")).Item1.ToString());
        Assert.Equal(new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc).AddTicks(7),
            RoundTrip((new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc).AddTicks(7), "")).Item1);
        Assert.Equal([1, 2], RoundTrip(new Dictionary<string, List<int>> { ["a"] = [1, 2], [""] = [] })["a"]);
        Assert.Equal([3, 1, 2], RoundTrip(new Queue<int>([3, 1, 2])));
        Assert.Equal([3, 1], RoundTrip<ImmutableList<int>>([3, 1]));
        Assert.Equal([1, 2, 3], RoundTrip(new byte[] { 1, 2, 3 }));
        Assert.Equal([1, 2], RoundTrip<IReadOnlyList<int>>([1, 2]));
        Assert.Equal((new Optional<string>("x"), default(Optional<string>)),
            RoundTrip((new Optional<string>("x"), default(Optional<string>))));
        Assert.Equal([new Optional<string?>(null), default, "x"],
            RoundTrip<Optional<string?>[]>([new Optional<string?>(null), default, "x"]));
        Assert.Equal(new Optional<Optional<int?>?>[] { new(new Optional<int?>(null)), new(null), default },
            RoundTrip(new Optional<Optional<int?>?>[] { new(new Optional<int?>(null)), new(null), default }));
        Assert.Equal(Tuple.Create(1, "x"), RoundTrip(Tuple.Create(1, "x")));
        Assert.Equal(new KeyValuePair<string, int>("x", 1), RoundTrip(new KeyValuePair<string, int>("x", 1)));
        Assert.Equal(new { A = 1, B = "x" }, RoundTrip(new { A = 1, B = "x" }));
    }

    [Fact]
    public void Read_ClassesWithAWayForEveryField_AreTheSame()
    {
        var setters = new PrivateSetters();
        setters.Set(7);
        Assert.Equal(7, RoundTrip(setters).Included);
        ByConstructor constructed = RoundTrip(new ByConstructor("x", 9));
        Assert.Equal(("x", 9, 18), (constructed.Name, constructed.Count, constructed.Twice));
        Fields fields = RoundTrip(new Fields { Number = 3, Text = "x" });
        Assert.Equal((3, "x", 0), (fields.Number, fields.Text, fields.Cached()));
        Assert.Equal(new Circle(1.5), RoundTrip<Shape>(new Circle(1.5)));
        Assert.Equal(3, RoundTrip(new Dog { Name = "x", Age = 3 }).Age);
    }

    [Fact]
    public void Read_TextsThatAreNotUtf8_KeepTheirBytes()
    {
        (string, Utf8Text, Utf8Text) read =
            RoundTrip(("x", Utf8Text.Intern([0xFF, 0x00, 0x80, 0xC3]), Utf8Text.Intern("a longer text, with an ü")));
        Assert.Equal([0xFF, 0x00, 0x80, 0xC3], read.Item2.ToArray());
        Assert.Equal("a longer text, with an ü", read.Item3.ToString());
    }

    [Fact]
    public void Of_FieldThatNothingSets_IsRefusedWithItsName()
    {
        Assert.Contains("Silent.Value is not read back", Refused<Silent>(), StringComparison.Ordinal);
        Assert.Contains("Counter._count is not read back", Refused<Counter>(), StringComparison.Ordinal);
        Assert.Contains("Hidden._seen is not read back", Refused<OfHidden>(), StringComparison.Ordinal);
        Assert.Contains("ReadOnlyField.Value is not read back", Refused<ReadOnlyField>(), StringComparison.Ordinal);
        Assert.Contains("StructByConstructor.Text is not read back", Refused<StructByConstructor>(), StringComparison.Ordinal);
        Assert.Contains("Counter._count", Refused<(int, Dictionary<string, List<Counter>>)>(), StringComparison.Ordinal);
        Assert.Contains("Counter._count", Refused<Optional<Counter>>(), StringComparison.Ordinal);
        Assert.Contains("without its field Name", Refused<Named>(), StringComparison.Ordinal);
        Assert.Contains("no public constructor", Refused<PrivateConstructor>(), StringComparison.Ordinal);
    }

    [Fact]
    public void Of_TypesThatJsonCannotKeep_AreRefused()
    {
        Assert.Contains("it holds a System.Func`1[System.Int32]", Refused<Func<int>>(), StringComparison.Ordinal);
        Assert.Contains("it holds a System.Action", Refused<(int, Action)>(), StringComparison.Ordinal);
        Assert.Contains("it holds a System.Object", Refused<object>(), StringComparison.Ordinal);
        Assert.Contains("it holds a System.Object", Refused<Dictionary<string, object>>(), StringComparison.Ordinal);
        Assert.Contains("is abstract or an interface", Refused<IComparable>(), StringComparison.Ordinal);
        Assert.Contains("is abstract or an interface", Refused<List<IDisposable>>(), StringComparison.Ordinal);
        Assert.Contains("it holds a System.Object", Refused<IEnumerable>(), StringComparison.Ordinal);
        Assert.Contains("comes back in reverse order", Refused<Stack<int>>(), StringComparison.Ordinal);
        Assert.Contains("has keys that JSON cannot name", Refused<Dictionary<(int, int), string>>(), StringComparison.Ordinal);
        Assert.Contains("is not read back", Refused<PriorityQueue<string, int>>(), StringComparison.Ordinal);
        Assert.Contains("it holds a System.Type", Refused<(int, Type)>(), StringComparison.Ordinal);
        Assert.NotEmpty(Refused<int[,]>());
    }

    [Fact]
    public void Of_MemoryOfTheBatch_IsRefused()
    {
        foreach (string message in new[] { Refused<Utf8Text[]>(), Refused<List<(int, Utf8Text)>>(),
            Refused<Group<int>>(), Refused<(string, Group<int>)>(), Refused<Tuple<Utf8Text>>() })
        {
            Assert.Contains("which ends with its batch and cannot be written to a checkpoint", message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Of_AddedSerializer_IsTaken()
    {
        var mine = new JsonRecordSerializer<Order>();
        var serializers = new RecordSerializers().Add(mine);
        Assert.Same(mine, serializers.Of<Order>());
        Assert.Same(serializers.Of<List<Order>>(), serializers.Of<List<Order>>());
        Assert.IsType<RawSerializer<long>>(serializers.Of<long>());
        Assert.IsType<TextSerializer>(serializers.Of<string>());
    }

    [Fact]
    public void Write_DerivedRecord_IsRefused() =>
        Assert.Contains("what the one has more would be lost",
            Assert.Throws<NotSupportedException>(() => Write<Animal>(new Dog { Age = 3 })).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("{\"Value\":0}")]
    [InlineData("{\"Value\":1,\"Gone\":2}")]
    [InlineData("{\"Value\":")]
    [InlineData("{\"Value\":\"x\"}")]
    [InlineData("[]")]
    [InlineData("")]
    public void Read_OtherJson_IsRefused(string json)
    {
        var writer = new ArrayBufferWriter<byte>();
        new TextSerializer().Write(json, writer);
        Assert.Throws<InvalidDataException>(() =>
        {
            ReadOnlySpan<byte> bytes = writer.WrittenSpan;
            new JsonRecordSerializer<Throwing>().Read(ref bytes);
        });
    }
}
