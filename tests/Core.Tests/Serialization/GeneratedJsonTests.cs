using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace FastStream.Tests.Core.Serialization;

/// <summary>
/// A serializer by generated code promises what the one by reflection does: values come back as they were, or their
/// type is refused.
/// </summary>
public sealed partial class GeneratedJsonTests
{
    private sealed record Order(string? Customer, Utf8Text Note, Uri? Page, char Mark, Optional<int> Amount, double[] Prices);

    private sealed class Counter
    {
        private int _calls;

        public string Name { get; set; } = "";

        public int Count() => ++_calls;
    }

    private sealed class Everything
    {
        public int Field;

        public Dictionary<string, DateTime> Times { get; set; } = [];

        public Optional<string?> Maybe { get; set; }

        [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
        public string? Begins { get; set; } = "with this";

        public float[] Numbers { get; set; } = [];

        public HashSet<string> Names { get; set; } = [];
    }

    private abstract class Shape;

    private sealed class Drawing
    {
        public Shape? Shape { get; set; }
    }

    private sealed class GetOnly
    {
        public List<int> Numbers { get; } = [];
    }

    private class Animal
    {
        public string? Name { get; set; }
    }

    private sealed class Dog : Animal;

    [JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Skip)]
    private sealed class Forgiving
    {
        public int Number { get; set; }
    }

    private sealed class Written
    {
        public int Number { get; set; }
    }

    private readonly record struct Money(decimal Amount);

    private sealed class MoneyConverter : JsonConverter<Money>
    {
        public override Money Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            new(reader.GetDecimal() / 100);

        public override void Write(Utf8JsonWriter writer, Money value, JsonSerializerOptions options) =>
            writer.WriteNumberValue(value.Amount * 100);
    }

    [JsonSerializable(typeof(Order))]
    [JsonSerializable(typeof(int))]   // what an Optional holds
    [JsonSerializable(typeof(Counter))]
    [JsonSerializable(typeof(Everything))]
    [JsonSerializable(typeof(Drawing))]
    [JsonSerializable(typeof(GetOnly))]
    [JsonSerializable(typeof(Animal))]
    [JsonSerializable(typeof(Forgiving))]
    [JsonSerializable(typeof(Money))]
    [JsonSerializable(typeof(nint))]
    private sealed partial class GeneratedOrders : JsonSerializerContext;

    [JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Serialization)]
    [JsonSerializable(typeof(Written))]
    private sealed partial class WritingOnly : JsonSerializerContext;

    [JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
        PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
    [JsonSerializable(typeof(Everything))]
    private sealed partial class WithOptions : JsonSerializerContext;

    private static byte[] Write<T>(JsonTypeInfo<T> type, T record)
    {
        var writer = new ArrayBufferWriter<byte>();
        new JsonRecordSerializer<T>(type).Write(in record, writer);
        return writer.WrittenSpan.ToArray();
    }

    private static T Read<T>(JsonTypeInfo<T> type, ReadOnlySpan<byte> bytes) => new JsonRecordSerializer<T>(type).Read(ref bytes);

    private static T Read<T>(JsonTypeInfo<T> type, string json)
    {
        byte[] text = Encoding.UTF8.GetBytes(json);
        return Read(type, [.. BitConverter.GetBytes(text.Length), .. text]);
    }

    private static string Refused<T>(JsonTypeInfo<T> type) =>
        Assert.Throws<NotSupportedException>(() => new JsonRecordSerializer<T>(type)).Message;

    [Theory]
    [InlineData("Ann", 'x')]
    [InlineData("half \ud800 of a pair", '\udc00')]
    [InlineData(null, '\0')]
    public void Write_Values_ComeBackAsTheyWere(string? customer, char mark)
    {
        Utf8Text.TryCreateInline([0xFF, 0xC0], out Utf8Text note);
        var order = new Order(customer, note, new Uri("/a%20b?c", UriKind.Relative), mark, Optional<int>.None,
            [1.5, -2, double.NaN, double.NegativeInfinity]);
        Order read = Read(GeneratedOrders.Default.Order, Write(GeneratedOrders.Default.Order, order));
        Assert.Equal(order.Prices, read.Prices);
        Assert.Equal(order, read with { Prices = order.Prices });
        Assert.Equal(order.Page!.OriginalString, read.Page!.OriginalString);
    }

    [Fact]
    public void Write_WhatOptionsWouldLeaveOut_ComesBack()
    {
        foreach (JsonTypeInfo<Everything> type in new[] { GeneratedOrders.Default.Everything, WithOptions.Default.Everything })
        {
            var record = new Everything
            {
                Field = 3,
                Times = { ["\u00e9"] = new DateTime(2026, 3, 29, 2, 30, 0, DateTimeKind.Local) },
                Maybe = new Optional<string?>(null),
                Begins = null,
                Numbers = [float.NaN, -0f, float.PositiveInfinity],
            };
            Everything read = Read(type, Write(type, record));
            Assert.Equal((3, null), (read.Field, read.Begins));
            Assert.Equal((record.Times["\u00e9"], DateTimeKind.Local), (read.Times["\u00e9"], read.Times["\u00e9"].Kind));
            Assert.True(read.Maybe.TryGetValue(out string? maybe));
            Assert.Null(maybe);
            Assert.Equal(record.Numbers.Select(BitConverter.SingleToInt32Bits), read.Numbers.Select(BitConverter.SingleToInt32Bits));
        }
    }

    [Fact]
    public void Write_ValuesThatDoNotComeBack_AreRefused()
    {
        Assert.Contains("Dog",
            Assert.Throws<NotSupportedException>(() => Write(GeneratedOrders.Default.Animal, new Dog())).Message, StringComparison.Ordinal);
        var names = new Everything { Names = new HashSet<string>(StringComparer.OrdinalIgnoreCase) };
        Assert.Contains("Comparer",
            Assert.Throws<NotSupportedException>(() => Write(GeneratedOrders.Default.Everything, names)).Message, StringComparison.Ordinal);
        var half = new Everything { Times = { ["\ud800"] = default } };
        Assert.Contains("surrogate",
            Assert.Throws<NotSupportedException>(() => Write(GeneratedOrders.Default.Everything, half)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void New_WhatIsNotReadBack_IsRefusedByName()
    {
        Assert.Equal(1, new Counter().Count());
        Assert.Contains("Counter._calls is not read back", Refused(GeneratedOrders.Default.Counter), StringComparison.Ordinal);
        Assert.Contains("Shape is abstract", Refused(GeneratedOrders.Default.Drawing), StringComparison.Ordinal);
        Assert.Contains("GetOnly.Numbers is not read back", Refused(GeneratedOrders.Default.GetOnly), StringComparison.Ordinal);
        Assert.Contains("System.IntPtr", Refused(GeneratedOrders.Default.IntPtr), StringComparison.Ordinal);
        Assert.Contains("Written", Refused(WritingOnly.Default.Written), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_MemberThatIsGone_IsRefusedUnlessTheTypeSaysOtherwise()
    {
        Assert.Contains("Gone",
            Assert.Throws<InvalidDataException>(() => Read(GeneratedOrders.Default.Animal, "{\"Gone\":1}")).Message,
            StringComparison.Ordinal);
        Assert.Equal(2, Read(GeneratedOrders.Default.Forgiving, "{\"Gone\":1,\"Number\":2}").Number);
    }

    // With a converter of its own a description need not come from options; members that somebody put together by hand are refused.
    [Fact]
    public void New_DescriptionThatIsNotOfItsOptions_NeedsAConverter()
    {
        JsonTypeInfo<Money> own =
            JsonMetadataServices
                .CreateValueInfo<Money>(new JsonSerializerOptions { TypeInfoResolver = WithOptions.Default }, new MoneyConverter());
        byte[] bytes = Write(own, new Money(1.25m));
        Assert.Contains("125", Encoding.UTF8.GetString(bytes), StringComparison.Ordinal);
        Assert.Equal(new Money(1.25m), Read(own, bytes));
        JsonTypeInfo<Written> byHand =
            JsonTypeInfo.CreateJsonTypeInfo<Written>(new JsonSerializerOptions { TypeInfoResolver = GeneratedOrders.Default });
        Assert.Contains("Written is none that its options give", Refused(byHand), StringComparison.Ordinal);
    }

    // The program's own converters come before ours.
    [Fact]
    public void Write_TypeWithAConverterOfTheProgram_IsWrittenByIt()
    {
        var options = new JsonSerializerOptions { TypeInfoResolver = GeneratedOrders.Default, Converters = { new MoneyConverter() } };
        byte[] bytes = Write((JsonTypeInfo<Money>)options.GetTypeInfo(typeof(Money)), new Money(0.05m));
        Assert.Equal("5.00", Encoding.UTF8.GetString(bytes.AsSpan(sizeof(int))));
    }
}
