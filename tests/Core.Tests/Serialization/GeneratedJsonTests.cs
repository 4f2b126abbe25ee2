using System.Buffers;
using System.Text.Json.Serialization;

namespace FastStream.Tests.Core.Serialization;

/// <summary>A serializer by generated code promises what the one by reflection does: values come back as they were, or their type is refused.</summary>
public sealed partial class GeneratedJsonTests
{
    private sealed record Order(string? Customer, Utf8Text Note, Uri? Page, char Mark, Optional<int> Amount, double[] Prices);

    private sealed class Counter
    {
        private int _calls;

        public string Name { get; set; } = "";

        public int Count() => ++_calls;
    }

    [JsonSerializable(typeof(Order))]
    [JsonSerializable(typeof(int))]   // what an Optional holds
    [JsonSerializable(typeof(Counter))]
    private sealed partial class GeneratedOrders : JsonSerializerContext;

    [Theory]
    [InlineData("Ann", 'x')]
    [InlineData("half \ud800 of a pair", '\udc00')]
    [InlineData(null, '\0')]
    public void Write_Values_ComeBackAsTheyWere(string? customer, char mark)
    {
        Utf8Text.TryCreateInline([0xFF, 0xC0], out Utf8Text note);
        var serializer = new JsonRecordSerializer<Order>(GeneratedOrders.Default.Order);
        var order = new Order(customer, note, new Uri("/a%20b?c", UriKind.Relative), mark, Optional<int>.None, [1.5, -2]);
        var writer = new ArrayBufferWriter<byte>();
        serializer.Write(in order, writer);
        ReadOnlySpan<byte> bytes = writer.WrittenSpan;
        Order read = serializer.Read(ref bytes);
        Assert.Equal(order.Prices, read.Prices);
        Assert.Equal(order, read with { Prices = order.Prices });
        Assert.Equal(order.Page!.OriginalString, read.Page!.OriginalString);
    }

    [Fact]
    public void New_FieldThatIsNotReadBack_IsRefusedByName()
    {
        Assert.Equal(1, new Counter().Count());
        string message = Assert.Throws<NotSupportedException>(() => new JsonRecordSerializer<Counter>(GeneratedOrders.Default.Counter)).Message;
        Assert.Contains("Counter._calls is not read back", message, StringComparison.Ordinal);
    }
}
