using static FastStream.Tests.Core.Operators.OperatorRun;

namespace FastStream.Tests.Core.Outputs;

public sealed class RememberTests
{
    private static readonly int[][] Batches = [[1], [2, 3], [], [4], [5]];

    [Theory]
    [InlineData(1000, 5000, "[1] [2, 3] [] [4] [5]")]
    [InlineData(0, 2000, "[1] [2, 3]")]
    [InlineData(-5000, 2000, "[1] [2, 3]")]
    [InlineData(1500, 3500, "[1] [2, 3] []")]
    [InlineData(2000, 2000, "[2, 3]")]
    [InlineData(3000, 1000, "")]
    [InlineData(5000, 5999, "[5]")]
    [InlineData(5000, 9000, "[5]")]
    public async Task Slice_Range_IsAsSparkCutsIt(long from, long to, string expected)
    {
        await using var scenario = new StreamScenario(In(2));
        RememberedStream<int> remembered = scenario.Input(Batches).Remember(TimeSpan.FromSeconds(20));
        await scenario.RunBatchesAsync();
        using BatchSlice<int> slice = remembered.Slice(new BatchTime(from), new BatchTime(to));
        Assert.Equal(expected, string.Join(' ', slice.Select(batch => RecordText.Of(batch.ToArray()))));
    }

    [Fact]
    public async Task Slice_AfterTheDuration_HasForgotten()
    {
        await using var scenario = new StreamScenario(In(2));
        RememberedStream<int> remembered = scenario.Input(Batches).Remember(TimeSpan.FromSeconds(2));
        await scenario.RunBatchesAsync();
        using BatchSlice<int> slice = remembered.Slice(new BatchTime(0), new BatchTime(9000));
        Assert.Equal([new BatchTime(4000), new BatchTime(5000)], slice.Select(batch => batch.Time));
    }

    [Fact]
    public async Task Slice_HeldWhileForgotten_StaysReadable()
    {
        await using var scenario = new StreamScenario(In(2));
        RememberedStream<int> remembered = scenario.Input(Batches).Remember(TimeSpan.FromSeconds(1));
        await scenario.RunBatchesAsync(2);
        using (BatchSlice<int> slice = remembered.Slice(new BatchTime(2000), new BatchTime(2000)))
        {
            await scenario.RunBatchesAsync(3);
            Assert.Equal([2, 3], Assert.Single(slice).ToArray());
            slice.Dispose();
            Assert.Throws<ObjectDisposedException>(() => slice[0]);
        }
    }

    [Fact]
    public async Task Slice_FailedBatch_IsLeftOut()
    {
        await using var scenario = new StreamScenario(ContinuingIn(2));
        RememberedStream<int> remembered = scenario.Input([[1], [0], [2]]).Map(x => 10 / x).Remember(TimeSpan.FromSeconds(20));
        await scenario.RunBatchesAsync();
        using BatchSlice<int> slice = remembered.Slice(new BatchTime(0), new BatchTime(9000));
        Assert.Equal([[10], [5]], slice.Select(batch => batch.ToArray()));
    }

    [Fact]
    public async Task Slice_BeforeStartOrAfterStop_SaysSo()
    {
        await using var scenario = new StreamScenario(In(2));
        RememberedStream<int> remembered = scenario.Input(Batches).Remember(TimeSpan.FromSeconds(20));
        Assert.Contains("before the context was started",
            Assert.Throws<InvalidOperationException>(() => remembered.Slice(default, default)).Message);
        await scenario.RunAsync();
        Assert.Contains("after stopping", Assert.Throws<InvalidOperationException>(() => remembered.Slice(default, default)).Message);
    }

    [Fact]
    public async Task Stop_WhatIsRemembered_GoesBack()
    {
        // An input whose batches are counted: each is disposed only when nobody holds it.
        await using var scenario = new StreamScenario(In(2));
        var input = new CountedInput(scenario.Context);
        RememberedStream<int> remembered = input.Remember(TimeSpan.FromSeconds(3));
        await scenario.RunBatchesAsync(5);
        Assert.Equal(3, input.Held);
        BatchSlice<int> slice = remembered.Slice(new BatchTime(4000), new BatchTime(5000));
        await scenario.DisposeAsync();
        Assert.Equal(2, input.Held);
        slice.Dispose();
        slice.Dispose();
        Assert.Equal(0, input.Held);
    }

    [Fact]
    public async Task Retry_WhatTheFirstTryRemembered_StaysReadable()
    {
        await using var scenario = new StreamScenario(new() { Configure = options => options with { BatchRetries = 1 } });
        var input = new CountedInput(scenario.Context);
        RememberedStream<int> remembered = input.Remember(TimeSpan.FromSeconds(1));
        int tries = 0;
        input.ForEachBatch((_, time) =>
        {
            if (++tries == 1)
            {
                throw new IOException("once");
            }
        });
        await scenario.RunBatchesAsync(1);
        Assert.Equal(2, tries);
        Assert.Equal(1, input.Held);
        await scenario.RunBatchesAsync(1);
        Assert.Equal(1, input.Held);
        await scenario.DisposeAsync();
        Assert.Equal(0, input.Held);
    }

    [Fact]
    public void Remember_NoDuration_IsRefused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new ManualStream<int>(Context()).Remember(TimeSpan.Zero));

    private sealed class CountedInput(StreamingContext context) : InputDStream<int>(context, "Counted")
    {
        private int _held;

        public int Held => Volatile.Read(ref _held);

        protected internal override InputBatch<int> Cut(BatchTime time)
        {
            Interlocked.Increment(ref _held);
            return new RecordInputBatch<int>([new[] { 1, 2, 3 }], _ => Interlocked.Decrement(ref _held));
        }
    }
}
