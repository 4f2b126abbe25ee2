using FastStream.Cli;

namespace FastStream.Tests.Cli;

/// <summary>What goes above a view that moves.</summary>
public sealed class LineWriterTests
{
    [Fact]
    public void Write_SeveralLines_AreGivenTogetherAndARestWaits()
    {
        var given = new List<string>();
        using var writer = new LineWriter(given.Add);
        writer.Write("one\ntwo\nthr");
        writer.Write('e');
        writer.Write("e\n");
        writer.Write(['f', 'o', 'u', 'r', '\n'], 0, 5);

        Assert.Equal(["one\ntwo", "three", "four"], given);
    }
}
