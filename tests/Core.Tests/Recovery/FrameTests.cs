using System.Buffers;
using System.Buffers.Binary;
using Xunit.Abstractions;

namespace FastStream.Tests.Core.Checkpointing;

/// <summary>Frames: whole or not there.</summary>
public sealed class FrameTests(ITestOutputHelper output)
{
    private static byte[] FrameOf(byte[] payload, ulong seed = 0)
    {
        var writer = new ArrayBufferWriter<byte>();
        Frame.Write(writer, payload, seed);
        return writer.WrittenSpan.ToArray();
    }

    [Fact]
    public void Crc32C_KnownText_IsTheKnownSum()
    {
        Assert.Equal(0xE3069283u, Crc32C.Of("123456789"u8));
        Assert.Equal(0u, Crc32C.Of([]));
        Assert.Equal(0x8A9136AAu, Crc32C.Of(new byte[32]));
    }

    [Fact]
    public void Crc32C_InPieces_IsTheSame()
    {
        Random random = RandomSource.New(output);
        for (int i = 0; i < 1000; i++)
        {
            byte[] bytes = Mutations.Noise(random, random.Next(100));
            int cut = random.Next(bytes.Length + 1);
            Assert.Equal(Crc32C.Of(bytes), Crc32C.End(Crc32C.Add(Crc32C.Add(Crc32C.Start, bytes.AsSpan(0, cut)), bytes.AsSpan(cut))));
        }
    }

    [Fact]
    public void TryRead_Whole_GivesThePayload()
    {
        byte[] frame = [.. FrameOf([1, 2, 3], 7), 9, 9];
        Assert.True(Frame.TryRead(frame, out Range payload, 7));
        Assert.Equal([1, 2, 3], frame[payload]);
        Assert.False(Frame.TryRead(frame, out _, 8));
        Assert.True(Frame.TryRead(FrameOf([]), out Range empty));
        Assert.Equal(16..16, empty);
    }

    [Fact]
    public void TryRead_CutOrFlippedAnywhere_IsNone()
    {
        byte[] frame = FrameOf([1, 2, 3, 4, 5, 6, 7, 8, 9]);
        for (int length = 0; length < frame.Length; length++)
        {
            Assert.False(Frame.TryRead(frame.AsSpan(0, length), out _));
        }

        for (int bit = 0; bit < frame.Length * 8; bit++)
        {
            Assert.False(Frame.TryRead(Mutations.Flip(frame, bit), out _));
        }
    }

    [Fact]
    public void TryRead_LengthThatLies_IsNone()
    {
        byte[] frame = FrameOf([1, 2, 3]);
        foreach (int length in new[] { int.MaxValue, int.MinValue, -1, -16, 2, 4 })
        {
            BinaryPrimitives.WriteInt32LittleEndian(frame.AsSpan(4), length);
            Assert.False(Frame.TryRead(frame, out _));
        }
    }

    [Fact]
    public void TryRead_ChangedOrRandomBytes_NeverThrows()
    {
        Random random = RandomSource.New(output);
        byte[] frame = FrameOf([1, 2, 3]);
        Mutations.CheckReader(random, 100_000, () => frame, bytes => Frame.TryRead(bytes, out _));
    }
}
