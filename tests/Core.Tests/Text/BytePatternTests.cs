using Xunit.Abstractions;

namespace FastStream.Tests.Core.Text;

/// <summary>The search in lines against .NET's own.</summary>
public sealed class BytePatternTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("ab")]
    [InlineData("abcde")]
    [InlineData("abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz")]
    public void OneHit_AtEveryPlaceOfEveryLength(string value)
    {
        foreach (int length in (int[])[value.Length, 31, 32, 33, 63, 64, 100, 287, 288, 289, 600])
        {
            for (int at = 0; at <= length - value.Length; at++)
            {
                byte[] text = new byte[length];
                text.AsSpan().Fill((byte)'-');
                System.Text.Encoding.ASCII.GetBytes(value, text.AsSpan(at));
                Check(text, System.Text.Encoding.ASCII.GetBytes(value), at);
            }
        }
    }

    [Fact]
    public void RandomBytes_AgainstSpan()
    {
        Random random = RandomSource.New(output);
        for (int i = 0; i < 20_000; i++)
        {
            byte[] text = Bytes(random, random.Next(random.Next(2) == 0 ? 80 : 1500));
            byte[] value = random.Next(2) == 0 || text.Length == 0 ? Bytes(random, random.Next(7)) : Part(random, text);
            Check(text, value, text.AsSpan().IndexOf(value));
        }
    }

    private static unsafe void Check(byte[] text, byte[] value, int expected)
    {
        // At the very end of its memory: nothing behind it may be read.
        using var memory = new GuardedMemory(text.Length);
        text.CopyTo(memory.Span);
        Assert.Equal(expected, BytePattern.IndexOf(memory.Start, text.Length, value));
    }

    // Few different bytes, so that first and last bytes sought are everywhere.
    private static byte[] Bytes(Random random, int length) => [.. Enumerable.Range(0, length).Select(_ => (byte)"abc"[random.Next(3)])];

    private static byte[] Part(Random random, byte[] text)
    {
        int start = random.Next(text.Length);
        return text[start..Math.Min(text.Length, start + random.Next(1, 60))];
    }
}
