using System.Threading.Channels;

namespace FastStream.Tests.Core.Outputs;

public sealed class ToChannelTests
{
    [Fact]
    public async Task ToChannel_Records_ComeInOrderAndEndWithTheContext()
    {
        var channel = Channel.CreateUnbounded<int>();
        var scenario = new StreamScenario();
        scenario.Input([[1, 2, 3], [], [4]]).ToChannel(channel.Writer);
        await scenario.RunAsync();
        int[] received = await channel.Reader.ReadAllAsync().ToArrayAsync();
        Assert.Equal([1, 2, 3, 4], received);
    }

    [Fact]
    public async Task ToChannel_Full_BatchWaitsForTheReader()
    {
        var channel = Channel.CreateBounded<int>(1);
        await using var scenario = new StreamScenario();
        scenario.Input([[1, 2, 3]]).ToChannel(channel.Writer);
        Task<bool> run = scenario.RunBatchesAsync();
        Assert.Equal(1, await channel.Reader.ReadAsync());
        Assert.Equal(2, await channel.Reader.ReadAsync());
        Assert.Equal(3, await channel.Reader.ReadAsync());
        Assert.True(await run);
    }

    [Fact]
    public async Task ToChannel_StopAtOnceWhileFull_EndsWithoutFailure()
    {
        var channel = Channel.CreateBounded<int>(1);
        var scenario = new StreamScenario();
        scenario.Input([[1, 2, 3]]).ToChannel(channel.Writer);
        scenario.Context.Start();
        scenario.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(1, await channel.Reader.ReadAsync());
        await scenario.DisposeAsync();
        await scenario.Context.Completion;
    }

    [Fact]
    public async Task ToChannel_LeaveOpen_StaysOpen()
    {
        var channel = Channel.CreateUnbounded<int>();
        var scenario = new StreamScenario();
        scenario.Input([[1]]).ToChannel(channel.Writer, ChannelCompletion.LeaveOpen);
        await scenario.RunAsync();
        Assert.True(channel.Writer.TryWrite(2));
    }

    [Fact]
    public async Task ToChannel_FailedContext_ReadersGetTheFailure()
    {
        var channel = Channel.CreateUnbounded<int>();
        var scenario = new StreamScenario();
        scenario.Input([[0]]).Map(x => 1 / x).ToChannel(channel.Writer);
        await scenario.RunAsync();
        await Assert.ThrowsAsync<StreamingException>(() => channel.Reader.Completion);
    }

    [Fact]
    public async Task ToChannel_ArrayOfTexts_IsRefused()
    {
        await using var scenario = new StreamScenario();
        ArgumentException error = Assert.Throws<ArgumentException>(
            () => scenario.Input<Utf8Text>([]).Glom().ToChannel(Channel.CreateUnbounded<Utf8Text[]>().Writer));
        Assert.Contains("ToString", error.Message);
    }

    [Fact]
    public async Task ToChannel_GroupOfTheBatch_IsRefused()
    {
        await using var scenario = new StreamScenario();
        ArgumentException error = Assert.Throws<ArgumentException>(
            () => scenario.Input<(int, int)>([]).GroupByKey().ToChannel(Channel.CreateUnbounded<(int, Group<int>)>().Writer));
        Assert.Contains("ToArray", error.Message);
    }

    [Fact]
    public async Task ToChannel_TextOfTheBatch_IsRefused()
    {
        await using var scenario = new StreamScenario();
        ArgumentException error = Assert.Throws<ArgumentException>(
            () => scenario.Input<(Utf8Text, long)>([]).ToChannel(Channel.CreateUnbounded<(Utf8Text, long)>().Writer));
        Assert.Contains("ToString", error.Message);
    }

    [Fact]
    public async Task ToChannel_TextInAField_IsRefusedWhileDescribing()
    {
        await using var scenario = new StreamScenario();
        CheckRefused<Request>(scenario, "Utf8Text");
        CheckRefused<Small>(scenario, "Utf8Text");
        CheckRefused<(int, Small?)>(scenario, "Utf8Text");
        CheckRefused<Outer>(scenario, "Utf8Text");
        CheckRefused<List<Outer>>(scenario, "Utf8Text");
        CheckRefused<Grouped>(scenario, "Group");
    }

    [Fact]
    public async Task ToChannel_ClassWithoutTexts_IsTaken()
    {
        await using var scenario = new StreamScenario();
        scenario.Input<Open>([]).ToChannel(Channel.CreateUnbounded<Open>().Writer);
        scenario.Input<(int, object, Func<string>)>([]).ToChannel(Channel.CreateUnbounded<(int, object, Func<string>)>().Writer);
        Assert.True(await scenario.RunAsync(1));
    }

    private static void CheckRefused<T>(StreamScenario scenario, string held)
    {
        ArgumentException channel =
            Assert.Throws<ArgumentException>(() => scenario.Input<T>([]).ToChannel(Channel.CreateUnbounded<T>().Writer));
        ArgumentException block =
            Assert.Throws<ArgumentException>(() => scenario.Input<T>([]).LinkTo(new System.Threading.Tasks.Dataflow.BufferBlock<T>()));
        Assert.Contains($"holds a {held}", channel.Message, StringComparison.Ordinal);
        Assert.Contains($"holds a {held}", block.Message, StringComparison.Ordinal);
    }

    private sealed record Request(Utf8Text Path, int Bytes);

    private readonly record struct Small(Utf8Text Path, int Bytes);

    private sealed record Outer(string Name, Request? Inner);

    private sealed record Grouped(Group<int> Numbers);

    private abstract record Open(string Name, object? Note, StreamingContext? Context);
}
