using System.Text;
using Xunit.Abstractions;

namespace FastStream.Tests.Core.Text;

/// <summary>The vector splitter against a plain loop.</summary>
public sealed class LineSplitterTests(ITestOutputHelper output)
{
    private static readonly BlockPool Pool = new(64 << 10, 1000);

    [Theory]
    [InlineData("\n")]
    [InlineData("\r")]
    [InlineData("\r\n")]
    [InlineData("\n\n")]
    [InlineData("\n\r")]
    [InlineData("\r\r\n")]
    public void LineEnd_AtEveryPosition(string end)
    {
        // Through all places of a 64-byte step and past its border, with and without bytes behind.
        for (int position = 0; position < 140; position++)
        {
            foreach (int after in (int[])[0, 1, 20, 130])
            {
                Compare(Encoding.ASCII.GetBytes(new string('a', position) + end + new string('b', after)));
            }
        }
    }

    [Fact]
    public void RandomBytes_AgainstAPlainLoop()
    {
        Random random = RandomSource.New(output);
        for (int i = 0; i < 1000; i++)
        {
            byte[] bytes = new byte[random.Next(random.Next(2) == 0 ? 100 : 30_000)];
            int rarity = random.Next(2, 60);
            for (int at = 0; at < bytes.Length; at++)
            {
                bytes[at] = random.Next(rarity) switch { 0 => (byte)'\n', 1 => (byte)'\r', _ => (byte)random.Next(256) };
            }

            Compare(bytes);
        }
    }

    private static void Compare(byte[] bytes)
    {
        string[] expected = Plain(bytes);
        Block block = Pool.Rent();
        try
        {
            // At a block's start, in its middle and at its very end: what may be read behind differs.
            foreach (int start in (int[])[0, 77, block.Length - bytes.Length])
            {
                block.Span.Fill((byte)'\n');
                bytes.CopyTo(block.Span[start..]);
                var end = new Capture<Utf8Text>();
                var buffer = new RecordBuffer<Utf8Text>(end);
                long count = LineSplitter.Split(new RecordBytes(block, start, bytes.Length), buffer);
                buffer.Flush();
                Assert.Equal(expected, end.Items.Select(line => Encoding.Latin1.GetString(line.Span)));
                Assert.Equal(expected.Length, count);
            }
        }
        finally
        {
            block.Release();
        }
    }

    private static string[] Plain(byte[] bytes)
    {
        string[] lines = Encoding.Latin1.GetString(bytes).Replace("\r\n", "\n").Replace('\r', '\n').Split('\n');
        return lines[^1].Length == 0 ? lines[..^1] : lines;
    }
}
