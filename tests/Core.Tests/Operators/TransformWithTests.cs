using static FastStream.Tests.Core.Operators.OperatorRun;

namespace FastStream.Tests.Core.Operators;

public sealed class TransformWithTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void TransformWith_TwoStreams_SeesBothBatches(int partitions)
    {
        var result = StreamTest.Run(
            [[1, 2, 3, 4], [], [5]], [["2", "4"], [], []],
            (numbers, texts) =>
                numbers.TransformWith(texts, (left, right, time) => left.Select(x => $"{x}").Except(right).Append($"{time}")),
                In(partitions));
        Assert.Equal([["1", "3", "1000 ms"], ["2000 ms"], ["5", "3000 ms"]], result);
    }

    [Fact]
    public void TransformWith_Null_FailsTheBatchWithAdvice()
    {
        StreamingException error = Assert.Throws<StreamingException>(
            () => StreamTest.Run([[1]], [[1]], (left, right) => left.TransformWith(right, (_, _, _) => (IEnumerable<int>)null!)));
        Assert.Contains("The function of TransformWith returned null", error.Message);
    }
}
