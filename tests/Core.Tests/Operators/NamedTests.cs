using static FastStream.Tests.Core.Operators.OperatorRun;

namespace FastStream.Tests.Core.Operators;

public sealed class NamedTests
{
    [Fact]
    public void Named_Stream_KeepsItsType()
    {
        ManualStream<int> input = new ManualStream<int>(Context()).Named("numbers");
        Assert.Equal("numbers", input.Name);
        Assert.Same(input, input.Cache());
    }

    [Fact]
    public void Named_TwiceOrTaken_IsRefused()
    {
        ManualStream<int> input = new ManualStream<int>(Context()).Named("numbers");
        Assert.Contains("\"numbers\" already", Assert.Throws<InvalidOperationException>(() => input.Named("other")).Message);
        Assert.Throws<ArgumentException>(() => input.Map(x => x).Named("numbers"));
        Assert.Throws<ArgumentException>(() => input.Map(x => x).Named(" "));
    }

    [Fact]
    public void Named_FailingOperator_IsNamedInTheError()
    {
        StreamingException error =
            Assert.Throws<StreamingException>(() => StreamTest.Run([[0]], numbers => numbers.Map(x => 1 / x).Named("halves")));
        Assert.Equal("halves", error.OperatorName);
    }
}
