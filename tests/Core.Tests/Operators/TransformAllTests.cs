using static FastStream.Tests.Core.Operators.OperatorRun;

namespace FastStream.Tests.Core.Operators;

public sealed class TransformAllTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Transform_ManyStreams_SeesAllBatchesInTheOrderOfTheList(int partitions)
    {
        var result = StreamTest.Run(
            [[1, 2, 3, 4], [], [5]],
            numbers => numbers.Context.Transform(
                [numbers, numbers.Filter(x => x % 2 == 0), numbers.Map(x => -x)],
                (batches, time) => batches.Select(batch => string.Join(' ', batch)).Append($"{time}")),
            In(partitions));
        Assert.Equal([["1 2 3 4", "2 4", "-1 -2 -3 -4", "1000 ms"], ["", "", "", "2000 ms"], ["5", "", "-5", "3000 ms"]], result);
    }

    [Fact]
    public void Transform_OneStream_IsAsTransformOfIt() =>
        Assert.Equal([[3, 2, 1], []],
            StreamTest.Run([[1, 2, 3], []], numbers => numbers.Context.Transform([numbers], (batches, _) => batches[0].Reverse()), In(2)));

    [Fact]
    public void Transform_NoStreams_OrNull_IsRefused()
    {
        StreamingContext context = Context();
        Assert.Contains("at least one stream",
            Assert.Throws<ArgumentException>(() => context.Transform<int, int>([], (_, _) => [])).Message);
        Assert.Throws<ArgumentNullException>(() => context.Transform<int, int>([null!], (_, _) => []));
        Assert.Throws<ArgumentException>(() => Context().Transform([new ManualStream<int>(context)], (_, _) => (int[])[]));
    }

    [Fact]
    public void Transform_Null_FailsTheBatchWithAdvice()
    {
        StreamingException error = Assert.Throws<StreamingException>(
            () => StreamTest.Run([[1]], numbers => numbers.Context.Transform([numbers], (_, _) => (IEnumerable<int>)null!)));
        Assert.Contains("The function of Transform returned null", error.Message);
    }
}
