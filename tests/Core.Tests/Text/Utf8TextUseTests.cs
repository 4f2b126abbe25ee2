using System.Text;

namespace FastStream.Tests.Core.Text;

/// <summary>Texts where a newcomer tries them: split by a character, in <c>FlatMap</c>, over memory of one's own.</summary>
public sealed class Utf8TextUseTests
{
    private static Utf8Text Text(string text) => Utf8Text.Intern(text);

    [Fact]
    public void FlatMap_SplitByACharacter_GivesTheParts()
    {
        IReadOnlyList<IReadOnlyList<string>?> found = StreamTest.Run<Utf8Text, string>(
            [[Text("to be or not  to be"), Text("")], [Text("one")]],
            lines => lines.FlatMap(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Map(word => word.ToString()),
            new StreamTestOptions { Partitions = 1 });
        Assert.Equal(["to", "be", "or", "not", "to", "be"], found[0]);
        Assert.Equal(["one"], found[1]);
    }

    [Fact]
    public void FlatMap_SequenceOverParts_IsTakenToo()
    {
        IReadOnlyList<IReadOnlyList<string>?> found = StreamTest.Run<Utf8Text, string>(
            [[Text("a,b,,c")]],
            lines => lines.FlatMap(line => line.Split(',').Where(part => !part.IsEmpty)).Map(word => word.ToString()),
            new StreamTestOptions { Partitions = 1 });
        Assert.Equal(["a", "b", "c"], found[0]);
    }

    [Fact]
    public void Split_Linq_WalksFromTheBeginningEachTime()
    {
        Utf8TextSplit parts = Text("a,b,c").Split(',');
        Assert.Equal(3, parts.Count());
        Assert.Equal("a+b+c", string.Join('+', parts));
        Assert.Equal(parts, Text("a,b,c").Split(','));
        Assert.NotEqual(parts, Text("a,b,c").Split(';'));
    }

    [Fact]
    public void Split_NoAsciiCharacter_SaysTheWay() =>
        Assert.Contains("ToString().Split", Assert.Throws<ArgumentOutOfRangeException>(() => Text("a").Split('\u00e4')).Message);

    // Its last byte is the last one that may be read.
    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(15)]
    [InlineData(16)]
    [InlineData(40)]
    [InlineData(5000)]
    public unsafe void Over_MemoryThatEndsWithItsPage_ReadsNothingBehind(int length)
    {
        string plain = string.Concat(Enumerable.Range(0, length).Select(i => i % 7 == 6 ? ' ' : (char)('a' + (i % 26))));
        using var memory = new GuardedMemory(length);
        Encoding.ASCII.GetBytes(plain, memory.Span);
        Utf8Text text = Utf8Text.Over(memory.Start, length);
        Assert.Equal(plain, text.ToString());
        Assert.Equal(Text(plain), text);
        Assert.Equal(Text(plain).GetHashCode(), text.GetHashCode());
        Assert.Equal(plain.Split(' '), text.Split(' ').Select(part => part.ToString()));
        Assert.Equal(plain.IndexOf("zz", StringComparison.Ordinal), text.IndexOf("zz"u8));
        Assert.Equal(plain.Split(' ')[0], text.UpTo((byte)' ').ToString());
        Assert.False(text.TryParseEnd(out _, out _));
    }

    [Fact]
    public unsafe void Over_NegativeLength_IsRefused() => Assert.Throws<ArgumentOutOfRangeException>(() =>
    {
        byte one = 0;
        return Utf8Text.Over(&one, -1);
    });
}
