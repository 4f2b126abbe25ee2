namespace FastStream.Tests.Core.Outputs;

public sealed class ToAsyncEnumerableTests
{
    [Fact]
    public async Task ToAsyncEnumerable_Batches_ComeInOrderAndEndWithTheContext()
    {
        var scenario = new StreamScenario();
        IAsyncEnumerable<Batch<int>> batches = scenario.Input([[1, 2], [], [3]]).ToAsyncEnumerable();
        Task<bool> run = scenario.RunAsync();
        var seen = new List<string>();
        await foreach (Batch<int> batch in batches)
        {
            seen.Add($"{batch.Time}: {string.Join(' ', batch)}");
        }

        Assert.True(await run);
        Assert.Equal(["1000 ms: 1 2", "2000 ms: ", "3000 ms: 3"], seen);
    }

    [Fact]
    public async Task ToAsyncEnumerable_LoopHoldsABatch_ItIsNotCompleted()
    {
        await using var scenario = new StreamScenario();
        IAsyncEnumerable<Batch<int>> batches = scenario.Input([[1], [2]]).ToAsyncEnumerable();
        Task<bool> run = scenario.RunBatchesAsync();
        await using IAsyncEnumerator<Batch<int>> loop = batches.GetAsyncEnumerator();
        Assert.True(await loop.MoveNextAsync());
        Assert.False(scenario.Context.WhenCompletedAsync(new BatchTime(1000)).IsCompleted);
        Assert.Equal([1], loop.Current);
        Assert.True(await loop.MoveNextAsync());
        await scenario.Context.WhenCompletedAsync(new BatchTime(1000));
        await loop.DisposeAsync();
        Assert.True(await run);
    }

    [Fact]
    public async Task ToAsyncEnumerable_LoopLeft_LaterBatchesPassBy()
    {
        await using var scenario = new StreamScenario();
        IAsyncEnumerable<Batch<int>> batches = scenario.Input([[1], [2], [3]]).ToAsyncEnumerable();
        Task<bool> run = scenario.RunBatchesAsync();
        await foreach (Batch<int> batch in batches)
        {
            Assert.Equal([1], batch);
            break;
        }

        Assert.True(await run);
    }

    [Fact]
    public async Task ToAsyncEnumerable_SecondLoop_IsRefused()
    {
        await using var scenario = new StreamScenario();
        IAsyncEnumerable<Batch<int>> batches = scenario.Input([[1]]).ToAsyncEnumerable();
        Task<bool> first = batches.GetAsyncEnumerator().MoveNextAsync().AsTask();
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await batches.GetAsyncEnumerator().MoveNextAsync());
        Assert.False(first.IsCompleted);
    }

    [Fact]
    public async Task ToAsyncEnumerable_FailedContext_LoopGetsTheFailure()
    {
        var scenario = new StreamScenario();
        IAsyncEnumerable<Batch<int>> batches = scenario.Input([[0]]).Map(x => 1 / x).ToAsyncEnumerable();
        await scenario.RunAsync();
        await Assert.ThrowsAsync<StreamingException>(async () => await batches.GetAsyncEnumerator().MoveNextAsync());
    }

    [Fact]
    public async Task ToAsyncEnumerable_AfterStart_IsRefused()
    {
        await using var scenario = new StreamScenario();
        ManualStream<int> input = scenario.Input([[1]]);
        scenario.Output(input);
        scenario.Context.Start();
        Assert.Throws<InvalidOperationException>(() => input.ToAsyncEnumerable());
    }
}
