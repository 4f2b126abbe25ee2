using System.Buffers;
using Xunit.Abstractions;

namespace FastStream.Tests.Core.Serialization;

/// <summary>Strings come back exactly, whatever is in them.</summary>
public sealed class TextSerializerTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(null, new byte[] { 255, 255, 255, 255 })]
    [InlineData("", new byte[] { 0, 0, 0, 0 })]
    [InlineData("aü", new byte[] { 3, 0, 0, 0, 97, 0xC3, 0xBC })]
    public void Write_Text_GivesTheseBytes(string? text, byte[] expected)
    {
        var writer = new ArrayBufferWriter<byte>();
        new TextSerializer().Write(text, writer);
        Assert.Equal(expected, writer.WrittenSpan.ToArray());
        ReadOnlySpan<byte> bytes = writer.WrittenSpan;
        Assert.Equal(text, new TextSerializer().Read(ref bytes));
        Assert.True(bytes.IsEmpty);
    }

    [Fact]
    public void Write_HalfAPair_GivesTheseBytes() =>
        Write_Text_GivesTheseBytes("\ud800a", [254, 255, 255, 255, 4, 0, 0, 0, 0, 0xD8, 97, 0]);

    [Fact]
    public void Read_RandomTexts_GivesTheSame()
    {
        Random random = RandomSource.New(output);
        string?[] texts = Enumerable.Range(0, 2000).Select(_ => random.Next(10) == 0 ? null : Any(random)).ToArray();
        var writer = new ArrayBufferWriter<byte>();
        var serializer = new TextSerializer();
        foreach (string? text in texts)
        {
            serializer.Write(text, writer);
        }

        ReadOnlySpan<byte> bytes = writer.WrittenSpan;
        foreach (string? text in texts)
        {
            Assert.Equal(text, serializer.Read(ref bytes));
        }

        Assert.True(bytes.IsEmpty);
    }

    private static string Any(Random random)
    {
        int most = random.Next(2) == 0 ? 0x7F : 0xFFFF;   // half of them with pieces of surrogate pairs
        return string.Create(random.Next(50), most, (chars, most) =>
        {
            foreach (ref char character in chars)
            {
                character = (char)random.Next(most + 1);
            }
        });
    }
}
