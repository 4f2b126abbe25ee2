using static FastStream.Tests.Core.Operators.OperatorRun;

namespace FastStream.Tests.Core.Operators;

public sealed class MapSpanTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void MapSpan_AddingToOutput_KeepsOrder(int partitions)
    {
        var result =
            StreamTest.Run([[1, 2, 3, 4], [], [5]], numbers => numbers.MapSpan((ReadOnlySpan<int> items, RecordBuffer<string> output) =>
        {
            foreach (int item in items)
            {
                output.Add($"{item}");
                output.Add($"{item}!");
            }
        }), In(partitions));
        Assert.Equal([["1", "1!", "2", "2!", "3", "3!", "4", "4!"], [], ["5", "5!"]], result);
    }

    [Fact]
    public void MapSpan_ManyRecords_GivesSpansOfTheBound()
    {
        int[] numbers = [.. Enumerable.Range(0, 5000)];
        var lengths = new List<int>();
        var result = StreamTest.Run([numbers], stream => stream.MapSpan((ReadOnlySpan<int> items, RecordBuffer<int> output) =>
        {
            lengths.Add(items.Length);
            output.AddRange(items);
        }), In(1));
        Assert.Equal([numbers], result);
        Assert.All(lengths, length => Assert.InRange(length, 1, RecordBuffer.SpanRecords));
    }

    [Fact]
    public void MapSpan_ReservingMoreThanASpan_SaysWhatIsExpected()
    {
        var result = StreamTest.RunAll(
            [[1]], numbers =>
                numbers.MapSpan((ReadOnlySpan<int> _, RecordBuffer<int> output) => output.GetSpan(RecordBuffer.SpanRecords + 1)), In(1));
        Assert.Contains("at most 512", Assert.Single(result.Failures).InnerException!.Message);
    }

    [Fact]
    public void MapSpan_ReserveAndHandOn_NeedsNoCopy()
    {
        var result = StreamTest.Run([[1, 2, 3]], numbers => numbers.MapSpan((ReadOnlySpan<int> items, RecordBuffer<int> output) =>
        {
            Span<int> doubled = output.GetSpan(items.Length);
            for (int i = 0; i < items.Length; i++)
            {
                doubled[i] = items[i] * 2;
            }

            output.Advance(items.Length);
        }));
        Assert.Equal([[2, 4, 6]], result);
    }
}
