namespace FastStream.Tests.Core.Operators;

public sealed class LinesTests
{
    private static readonly string[] Texts = ["one\ntwo\r\nthree\rfour", "", "\n\nfive, a line longer than what fits in place\n", "six"];
    private static readonly string[] Expected = ["one", "two", "three", "four", "", "",
        "five, a line longer than what fits in place", "six"];

    [Fact]
    public void Lines_OfStrings_EndAtEveryKindOfEnd()
    {
        IReadOnlyList<IReadOnlyList<string>?> result =
            StreamTest.Run([Texts], texts => texts.Lines(), new StreamTestOptions { Partitions = 1 });
        Assert.Equal(Expected, result[0]!);
    }

    [Fact]
    public void Lines_OfTexts_AreTheSameAsOfStrings()
    {
        Utf8Text[] texts = [.. Texts.Select(Utf8Text.Intern)];
        IReadOnlyList<IReadOnlyList<string>?> result = StreamTest.Run(
            [texts], stream => stream.Lines().Map(line => line.ToString()), new StreamTestOptions { Partitions = 1 });
        Assert.Equal(Expected, result[0]!);
    }

    [Fact]
    public void Register_WithEffects_RunsTheStream()
    {
        int seen = 0;
        StreamTest.Run([[1, 2], [3]], numbers =>
        {
            numbers.Map(number => Interlocked.Add(ref seen, number)).Register();
            return numbers;
        });
        Assert.Equal(6, seen);
    }
}
