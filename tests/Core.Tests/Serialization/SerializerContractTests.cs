using System.Buffers;
using System.Text;

namespace FastStream.Tests.Core.Serialization;

public abstract class BuiltInSerializerContract<T> : SerializerContract<T>
{
    protected override IRecordSerializer<T> Create() => new RecordSerializers().Of<T>();

    [Fact]
    public void Schema_OfTwoInstances_IsTheSame() => CheckSchema();

    [Fact]
    public void Read_WhatWasWritten_GivesItBack() => CheckRoundTrip();

    [Fact]
    public void Read_Shortened_IsRefused() => CheckShortened();

    [Fact]
    public void Read_Damaged_GivesARecordOrIsRefused() => CheckDamaged();

    [Fact]
    public void WriteAndRead_ManyThreads_AreApart() => CheckThreads();
}

public sealed class StringSerializerContract : BuiltInSerializerContract<string?>
{
    protected override IReadOnlyList<string?> Records =>
        ["", null, "word", "long text, äöü €", new string('x', 5000), "half a pair \uD800"];
}

public sealed class NumberSerializerContract : BuiltInSerializerContract<long>
{
    protected override IReadOnlyList<long> Records => [0, -1, long.MinValue, long.MaxValue];
}

public sealed class TextPairSerializerContract : BuiltInSerializerContract<(Utf8Text Key, DateTimeOffset At, int Count)>
{
    protected override IReadOnlyList<(Utf8Text Key, DateTimeOffset At, int Count)> Records =>
    [
        (default, default, 0),
        (Utf8Text.Intern("short"), DateTimeOffset.MaxValue, -1),
        (Utf8Text.Intern("a text that is longer than what fits inside"), DateTimeOffset.UnixEpoch, int.MaxValue),
    ];
}

public sealed class JsonSerializerContract : BuiltInSerializerContract<JsonSerializerContract.Order>
{
    protected override IReadOnlyList<Order> Records =>
        [new(0, "", []), new(-1, "a \"quoted\" name", [1.5, double.NaN]), new(int.MaxValue, new string('n', 300), [double.MinValue])];

    protected override bool AreEqual(Order written, Order read) =>
        written.Id == read.Id && written.Name == read.Name && written.Prices.SequenceEqual(read.Prices);

    public sealed record Order(int Id, string Name, double[] Prices);
}

public sealed class SerializerContractTests
{
    private sealed class Serializer(Fault fault) : IRecordSerializer<string>
    {
        public string Schema => fault == Fault.OtherSchema ? $"text {Guid.NewGuid()}" : "text";

        public void Write(in string record, IBufferWriter<byte> output) => new StateWriter(output).WriteString(record);

        public string Read(ref ReadOnlySpan<byte> bytes)
        {
            if (fault == Fault.WrongException && bytes.Length < sizeof(int))
            {
                throw new ArgumentException("It is too short.");
            }

            var reader = new StateReader(bytes, "a text");
            string text = reader.ReadString();
            bytes = fault == Fault.StaysInPlace ? bytes : reader.Rest;
            return fault == Fault.OtherRecord ? text.Trim() : text;
        }
    }

    private sealed class Contract(Fault fault) : SerializerContract<string>
    {
        protected override IReadOnlyList<string> Records => ["one", " two ", Encoding.UTF8.GetString("drei"u8)];

        protected override IRecordSerializer<string> Create() => new Serializer(fault);
    }

    public enum Fault
    {
        None,
        OtherSchema,
        WrongException,
        StaysInPlace,
        OtherRecord,
    }

    [Theory]
    [InlineData(Fault.OtherSchema, "schema")]
    [InlineData(Fault.WrongException, "ArgumentException")]
    [InlineData(Fault.StaysInPlace, "bytes are read")]
    [InlineData(Fault.OtherRecord, " two  was written")]
    public void CheckAll_FaultySerializer_SaysWhatIsWrong(Fault fault, string part)
    {
        var error = Assert.Throws<InvalidOperationException>(new Contract(fault).CheckAll);
        Assert.Contains(part, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void CheckAll_GoodSerializer_Passes() => new Contract(Fault.None).CheckAll();
}
