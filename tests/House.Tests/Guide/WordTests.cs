namespace FastStream.Tests.House.Guide;

public sealed class WordTests
{
    private static DStream<(string Word, long Count)> Count(DStream<string> lines) => lines.SplitWords().CountByValue();

    [Fact]
    public void Count_TwoBatches_CountsEachByItself() =>
        Assert.Equal(
            [[("a", 2), ("b", 1)], [("a", 1)]],
            StreamTest.Run([["a b a"], ["a"]], (DStream<string> lines) => Count(lines), new StreamTestOptions { Partitions = 1 }));
}
