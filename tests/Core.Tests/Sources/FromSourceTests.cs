using FastStream.Runtime;

namespace FastStream.Tests.Core.Sources;

public sealed class FromSourceTests
{
    private sealed class Numbers<T> : Source<int>
    {
        private int _cuts;

        public SourceContext Around => Context;

        public List<string> Calls { get; } = [];

        protected internal override ValueTask StartAsync(CancellationToken cancellationToken) => Note("start");

        protected internal override ValueTask StopAsync() => Note("stop");

        protected internal override ValueTask CloseAsync() => Note("close");

        protected internal override SourceLag Lag => new(100 - _cuts, Bytes: 7);

        protected internal override InputBatch<int> Cut(BatchTime time)
        {
            Calls.Add("cut");
            return RecordInputBatch.Of([++_cuts]);
        }

        private ValueTask Note(string call)
        {
            Calls.Add(call);
            return ValueTask.CompletedTask;
        }
    }

    private static async Task<StreamScenario> RunAsync(Numbers<int> source, int batches)
    {
        var scenario = new StreamScenario();
        RecordedOutput<int> output = scenario.Output(scenario.Context.FromSource(source));
        await scenario.RunBatchesAsync(batches);
        Assert.Equal(Enumerable.Range(1, batches).Select(number => new[] { number }), output.Batches);
        return scenario;
    }

    [Fact]
    public async Task Source_InAContext_IsStartedCutStoppedAndClosed()
    {
        var source = new Numbers<int>();
        StreamScenario scenario = await RunAsync(source, 3);
        await scenario.DisposeAsync();
        Assert.Equal(["start", "cut", "cut", "cut", "stop", "close"], source.Calls);
    }

    [Fact]
    public async Task Lag_AfterEachCut_IsInTheInputsInfo()
    {
        StreamScenario scenario = await RunAsync(new Numbers<int>(), 2);
        await scenario.DisposeAsync();
        SourceLag[] lags = [.. scenario.Recorder.Events.Where(heard => heard.Name == "BatchSubmitted")
            .Select(heard => heard.Batch!.Inputs[0].Lag)];
        Assert.Equal([new SourceLag(99, 7), new SourceLag(98, 7)], lags);
    }

    [Fact]
    public async Task Lag_OfAnInputThatDoesNotKnow_IsNull()
    {
        await using var scenario = new StreamScenario();
        scenario.Output(scenario.Input<int>([[1]]));
        await scenario.RunAsync();
        SourceLag lag = scenario.Recorder.Events.First(heard => heard.Name == "BatchSubmitted").Batch!.Inputs[0].Lag;
        Assert.Null(lag.Records);
        Assert.Null(lag.Bytes);
    }

    [Fact]
    public async Task FromSource_Name_IsTheTypesWithoutItsArguments()
    {
        await using var scenario = new StreamScenario();
        Assert.Equal("Numbers 0", scenario.Context.FromSource(new Numbers<int>()).Name);
        Assert.Equal("Orders 1", scenario.Context.FromSource(new Numbers<int>(), "Orders").Name);
    }

    [Fact]
    public async Task FromSource_SecondTime_IsRefused()
    {
        await using var scenario = new StreamScenario();
        var source = new Numbers<int>();
        scenario.Context.FromSource(source, "First");
        var error = Assert.Throws<InvalidOperationException>(() => scenario.Context.FromSource(source, "Second"));
        Assert.Contains("First 0", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Context_OfNoStream_SaysWhatToDo() =>
        Assert.Contains(
            "FromSource", Assert.Throws<InvalidOperationException>(() => new Numbers<int>().Around).Message, StringComparison.Ordinal);

    [Fact]
    public async Task Report_FromASource_ReachesListeners()
    {
        var source = new Numbers<int>();
        StreamScenario scenario = await RunAsync(source, 1);
        source.Around.ReportStarted();
        source.Around.ReportError("The line was cut; connecting again.");
        source.Around.Warn("It is slow.");
        source.Around.ReportStopped();
        source.Around.CountDropped(3);
        Assert.Equal(3, scenario.Context.Metrics.DroppedRecords);
        Assert.Equal("The line was cut; connecting again.", source.Around.Info.LastErrorMessage);
        await scenario.DisposeAsync();
        string[] heard = [.. scenario.Recorder.Events
            .Where(each => each.Name is "ReceiverStarted" or "ReceiverError" or "Warning" or "ReceiverStopped")
            .Select(each => $"{each.Name} {each.Message}")];
        Assert.Equal(
            [
                "ReceiverStarted ",
                "ReceiverError The line was cut; connecting again.",
                "Warning It is slow.",
                "ReceiverStopped The line was cut; connecting again.",
            ],
            heard);
    }

    [Theory]
    [InlineData(BatchFailurePolicy.FailContext, true)]
    [InlineData(BatchFailurePolicy.ReportAndContinue, false)]
    public async Task EndByError_ByPolicy_FailsTheContextOrNot(BatchFailurePolicy policy, bool fails)
    {
        var source = new Numbers<int>();
        await using var scenario = new StreamScenario(
            new StreamTestOptions { Configure = options => options with { OnBatchFailure = policy } });
        scenario.Output(scenario.Context.FromSource(source, "Orders"));
        await scenario.RunBatchesAsync(1);
        source.Around.EndByError("The exchange is closed.", new IOException("closed"));
        if (fails)
        {
            var error = await Assert.ThrowsAsync<StreamingException>(() => scenario.Context.Completion.WaitAsync(TimeSpan.FromMinutes(1)));
            Assert.Equal("Orders 0", error.OperatorName);
        }
        else
        {
            Assert.True(await scenario.RunBatchesAsync(1));
        }
    }

    [Fact]
    public async Task Fail_FromASource_StopsTheContext()
    {
        var source = new Numbers<int>();
        StreamScenario scenario = await RunAsync(source, 1);
        var failure = new StreamingException("The place is taken. Stop the other program.");
        source.Around.Fail(failure);
        Task ended = scenario.Context.Completion.WaitAsync(TimeSpan.FromMinutes(1));
        Assert.Same(failure, await Assert.ThrowsAsync<StreamingException>(() => ended));
        await scenario.DisposeAsync();
    }
}
