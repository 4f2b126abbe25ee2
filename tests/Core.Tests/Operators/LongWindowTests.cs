using Xunit.Abstractions;

namespace FastStream.Tests.Core.Operators;

/// <summary>
/// Windows of so many batches that neighbours are reduced beforehand, against all batches reduced each time: values,
/// their order and the order of keys.
/// </summary>
public sealed class LongWindowTests(ITestOutputHelper output)
{
    private const int Batches = 80;

    [Theory]
    [InlineData(16, 1, 5)]
    [InlineData(19, 1, 40)]
    [InlineData(32, 2, 12)]
    [InlineData(45, 1, 3000)]
    [InlineData(60, 3, 8)]
    public void Reduce_NotCommutative_AsAllBatchesReduced(int length, int slide, int keys)
    {
        string[][] batches = NewBatches(keys);
        var found = StreamTest.Run(batches, words => Windows(words, (older, newer) => older + newer, length, slide), OperatorRun.In(1));
        for (int last = 0; last < Batches; last++)
        {
            Assert.Equal((last + 1) % slide == 0 ? Expected(batches, last, length) : null, found[last]);
        }
    }

    [Fact]
    public void Reduce_ThrowsWhileNeighboursAreReduced_RunsAgainAsIfNeverBegun()
    {
        string[][] batches = NewBatches(10);
        Random random = RandomSource.New(output);
        var options = new StreamTestOptions { Partitions = 1, Configure = given => given with { BatchRetries = 100 } };
        var found = StreamTest
            .Run(batches, words =>
                Windows(words, (older, newer) => random.Next(1000) == 0 ? throw new TimeoutException() : older + newer, 30, 1), options);
        for (int last = 0; last < Batches; last++)
        {
            Assert.Equal(Expected(batches, last, 30), found[last]);
        }
    }

    private static DStream<(string Key, string Value)> Windows(DStream<string> words,
        Func<string, string, string> reduce, int length, int slide) => words
        .Map(word => (word.Split(' ')[0], word.Split(' ')[1]))
        .ReduceByKeyAndWindow(reduce, TimeSpan.FromSeconds(length), TimeSpan.FromSeconds(slide));

    // Keys in the order in which they come first in the window, values in the order in which they come.
    private static (string Key, string Value)[] Expected(string[][] batches, int last, int length) =>
    [
        .. batches[Math.Max(0, last + 1 - length)..(last + 1)].SelectMany(batch => batch)
            .Select(word => word.Split(' '))
            .GroupBy(parts => parts[0], parts => parts[1])
            .Select(group => (group.Key, string.Concat(group))),
    ];

    private string[][] NewBatches(int keys)
    {
        Random random = RandomSource.New(output);
        return [.. Enumerable.Range(0, Batches)
            .Select(batch => Enumerable.Range(0, random.Next(30)).Select(i => $"{random.Next(keys)} {batch}.{i};").ToArray())];
    }
}
