using static FastStream.Tests.Core.Operators.OperatorRun;

namespace FastStream.Tests.Core.Operators;

public sealed class TransformTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Transform_WholeBatch_IsInOnePartitionInOrder(int partitions)
    {
        int[] numbers = [.. Enumerable.Range(0, 5)];
        var result =
            StreamTest.Run([numbers, []],
                stream => stream.Transform((batch, time) => new[] { (batch.PartitionCount, time.Milliseconds, batch.ToArray()) }),
                In(partitions));
        Assert.Equal(["(1,1000,[0, 1, 2, 3, 4])", "(1,2000,[])"], result.Select(batch => RecordText.Of(Assert.Single(batch!))));
    }

    [Fact]
    public void Transform_Sorting_NeedsNoTime() =>
        Assert.Equal([[[1, 2, 3, 4]]], StreamTest.Run([[4, 2, 3, 1]], numbers => numbers.Transform(batch => batch.Order()).Glom(), In(3)));

    [Fact]
    public void Transform_Null_FailsTheBatchWithAdvice()
    {
        StreamingException error = Assert.Throws<StreamingException>(
            () => StreamTest.Run([[1]], numbers => numbers.Transform((batch, time) => (IEnumerable<int>)null!)));
        Assert.IsType<InvalidOperationException>(error.InnerException);
        Assert.Contains("The function of Transform returned null for batch 1000 ms", error.Message);
    }
}
