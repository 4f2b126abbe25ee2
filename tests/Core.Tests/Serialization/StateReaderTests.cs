using System.Buffers;

namespace FastStream.Tests.Core.Serialization;

public sealed class StateReaderTests
{
    private static byte[] Written(Action<ArrayBufferWriter<byte>> write)
    {
        var output = new ArrayBufferWriter<byte>();
        write(output);
        return output.WrittenSpan.ToArray();
    }

    private static string Refused(byte[] bytes, Action<byte[]> read) => Assert.Throws<InvalidDataException>(() => read(bytes)).Message;

    [Fact]
    public void Read_WhatWasWritten_GivesItBack()
    {
        var output = new ArrayBufferWriter<byte>();
        var writer = new StateWriter(output);
        writer.WriteByte(7);
        writer.WriteBoolean(true);
        writer.WriteInt32(int.MinValue);
        writer.WriteInt64(long.MaxValue);
        writer.WriteDouble(double.NegativeZero);
        writer.WriteTime(new BatchTime(1_700_000_000_000));
        writer.WriteString("Grüße €");
        writer.WriteString("");
        writer.WriteBytes([1, 2, 3]);
        var reader = new StateReader(output.WrittenSpan, version: 7, "the test");
        Assert.True(reader.ReadBoolean());
        Assert.Equal(int.MinValue, reader.ReadInt32());
        Assert.Equal(long.MaxValue, reader.ReadInt64());
        Assert.True(double.IsNegative(reader.ReadDouble()));
        Assert.Equal(new BatchTime(1_700_000_000_000), reader.ReadTime());
        Assert.Equal("Grüße €", reader.ReadString());
        Assert.Equal("", reader.ReadString());
        Assert.Equal([1, 2, 3], reader.ReadBytes().ToArray());
        reader.End();
    }

    // The form that files and logs on the disk have: it must not change.
    [Fact]
    public void Write_Bytes_AreLittleEndianWithLengthsInFront() =>
        Assert.Equal(
            [1, 2, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, (byte)'a', 2, 0, 0, 0, 8, 9],
            Written(output =>
            {
                var writer = new StateWriter(output);
                writer.WriteByte(1);
                writer.WriteInt32(2);
                writer.WriteInt64(3);
                writer.WriteString("a");
                writer.WriteBytes([8, 9]);
            }));

    [Theory]
    [InlineData(0, 1)]
    [InlineData(-1, 1)]
    [InlineData(63, 1)]
    [InlineData(64, 2)]
    [InlineData(-64, 1)]
    [InlineData(-65, 2)]
    [InlineData(1L << 40, 6)]
    [InlineData(long.MaxValue, 10)]
    [InlineData(long.MinValue, 10)]
    public void VarInt64_AnyNumber_ComesBackInFewBytes(long value, int bytes)
    {
        byte[] written = Written(output => new StateWriter(output).WriteVarInt64(value));
        Assert.Equal(bytes, written.Length);
        var reader = new StateReader(written, "the test");
        Assert.Equal(value, reader.ReadVarInt64());
        reader.End();
    }

    [Fact]
    public void VarInt64_TooLong_IsRefused()
    {
        byte[] endless = [.. Enumerable.Repeat((byte)0xFF, 20)];
        byte[] tooLarge = [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 2];
        Assert.Contains("64 bits", Refused(endless, bytes => new StateReader(bytes, "the test").ReadVarInt64()), StringComparison.Ordinal);
        Assert.Contains("64 bits", Refused(tooLarge, bytes => new StateReader(bytes, "the test").ReadVarInt64()), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("version 2", new byte[] { 2 })]
    [InlineData("is empty", new byte[0])]
    public void Constructor_OtherVersion_SaysWhichIsRead(string part, byte[] bytes)
    {
        string message = Refused(bytes, saved => _ = new StateReader(saved, version: 1, "the position of Orders"));
        Assert.Contains(part, message, StringComparison.Ordinal);
        Assert.Contains("the position of Orders", message, StringComparison.Ordinal);
    }

    // A length from damaged bytes is compared with what is there before memory is taken for it.
    [Theory]
    [InlineData(int.MaxValue)]
    [InlineData(-1)]
    [InlineData(5)]
    public void ReadString_LengthThatCannotBe_IsRefused(int length)
    {
        byte[] bytes = [.. BitConverter.GetBytes(length), 1, 2, 3, 4];
        Assert.Contains("are left", Refused(bytes, saved => new StateReader(saved, "the test").ReadString()), StringComparison.Ordinal);
        Assert.Contains("are left", Refused(bytes, saved => new StateReader(saved, "the test").ReadBytes()), StringComparison.Ordinal);
    }

    [Fact]
    public void ReadCount_MoreThanCanBeThere_IsRefused()
    {
        byte[] bytes = [2, 0, 0, 0, .. new byte[15]];
        Assert.Equal(2, new StateReader(bytes, "the test").ReadCount(leastBytes: 7));
        Refused(bytes, saved => new StateReader(saved, "the test").ReadCount(leastBytes: 8));
    }

    [Fact]
    public void End_BytesLeft_IsRefused() =>
        Assert.Contains("1 bytes are left", Refused([1], bytes => new StateReader(bytes, "the test").End()), StringComparison.Ordinal);

    [Fact]
    public void ReadBoolean_OtherByte_IsRefused() => Refused([2], bytes => new StateReader(bytes, "the test").ReadBoolean());

    [Fact]
    public void ReadNatural_Negative_IsRefused() =>
        Refused(BitConverter.GetBytes(-1L), bytes => new StateReader(bytes, "the test").ReadNatural());

    [Fact]
    public void Read_AnyNumberShortened_IsRefused()
    {
        Refused([], bytes => new StateReader(bytes, "the test").ReadByte());
        Refused([1, 2, 3], bytes => new StateReader(bytes, "the test").ReadInt32());
        Refused([1, 2, 3, 4, 5, 6, 7], bytes => new StateReader(bytes, "the test").ReadInt64());
        Refused([0x80], bytes => new StateReader(bytes, "the test").ReadVarInt64());
    }
}
