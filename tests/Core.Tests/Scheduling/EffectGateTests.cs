namespace FastStream.Tests.Core.Scheduling;

public sealed class EffectGateTests
{
    [Fact]
    public void Close_NobodyInside_CallsAtOnceAndLetsNobodyIn()
    {
        var gate = new EffectGate();
        Assert.True(gate.TryEnter());
        gate.Exit();
        int closed = 0;
        gate.Close(() => closed++);
        Assert.Equal(1, closed);
        Assert.True(gate.IsClosed);
        Assert.False(gate.TryEnter());
        gate.Close(() => closed++);
        Assert.Equal(1, closed);
    }

    [Fact]
    public void Close_SomebodyInside_CallsWhenTheLastIsOut()
    {
        var gate = new EffectGate();
        Assert.True(gate.TryEnter());
        Assert.True(gate.TryEnter());
        int closed = 0;
        gate.Close(() => closed++);
        Assert.False(gate.TryEnter());
        gate.Exit();
        Assert.Equal(0, closed);
        gate.Exit();
        Assert.Equal(1, closed);
    }
}
