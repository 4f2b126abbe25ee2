using System.Threading.Tasks.Dataflow;

namespace FastStream.Tests.Core.Outputs;

public sealed class LinkToTests
{
    [Fact]
    public async Task LinkTo_PropagatedCompletion_BlockGetsAllAndEnds()
    {
        var received = new List<int>();
        var block = new ActionBlock<int>(received.Add, new ExecutionDataflowBlockOptions { BoundedCapacity = 1 });
        var scenario = new StreamScenario();
        scenario.Input([[1, 2, 3], [4]]).LinkTo(block, new DataflowLinkOptions { PropagateCompletion = true });
        await scenario.RunAsync();
        await block.Completion;
        Assert.Equal([1, 2, 3, 4], received);
    }

    [Fact]
    public async Task LinkTo_Default_LeavesTheBlockOpen()
    {
        var block = new BufferBlock<int>();
        var scenario = new StreamScenario();
        scenario.Input([[1]]).LinkTo(block);
        await scenario.RunAsync();
        Assert.True(block.Post(2));
    }

    [Fact]
    public async Task LinkTo_CompletedBlock_FailsTheBatch()
    {
        var block = new BufferBlock<int>();
        block.Complete();
        var scenario = new StreamScenario();
        scenario.Input([[1]]).LinkTo(block);
        await scenario.RunAsync();
        Assert.Contains("declines records", Assert.Single(scenario.Failures).Message);
    }
}
