using FastStream.Tests.Core.Checkpointing;

namespace FastStream.Tests.Core.Scheduling;

/// <summary>An input that leads to no output does not run, and is counted nowhere.</summary>
public sealed class LiveInputTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task InputWithoutOutput_IsNotStartedNorCounted(bool isSaved)
    {
        using var folder = new JobFolder();
        for (int run = 0; run < 2; run++)
        {
            await using StreamScenario scenario =
                folder.Start(run, configure: options => isSaved ? options : options with { Checkpoint = null });
            var idle = new WatchedStream(scenario.Context);
            idle.Map(x => x + 1).Filter(x => x > 0);
            DStream<int> used = scenario.Input<int>([[1, 2, 3]]);
            var both = new WatchedStream(scenario.Context);
            RecordedOutput<int> found = scenario.Output(used.Union(both.Filter(_ => false)));
            await scenario.RunAsync();
            Assert.Equal([1, 2, 3], found.Batches.Single()!.Order());
            Assert.Equal("", idle.Calls);
            Assert.Equal("start cut stop close", both.Calls);
            BatchInfo batch = scenario.Recorder.Events.Single(heard => heard.Name == "BatchCompleted").Batch!;
            Assert.Equal(4, batch.RecordCount);
            Assert.Equal(2, batch.Inputs.Count);
            Assert.Equal(4, scenario.Context.Metrics.ProcessedRecords);
            Assert.Single(scenario.Recorder.Events, heard => heard.Name == "Warning"
                && heard.Message!.StartsWith($"{idle.Name} leads to no output", StringComparison.Ordinal));
        }
    }

    /// <summary>Gives a record in each batch, and notes what is asked of it.</summary>
    private sealed class WatchedStream(StreamingContext context) : InputDStream<int>(context, "Watched")
    {
        private readonly List<string> _calls = [];

        public string Calls => string.Join(' ', _calls);

        protected internal override ValueTask StartAsync(CancellationToken cancellationToken) => Note("start");

        protected internal override ValueTask StopAsync() => Note("stop");

        protected internal override ValueTask CloseAsync() => Note("close");

        protected internal override InputBatch<int> Cut(BatchTime time)
        {
            _calls.Add("cut");
            return RecordInputBatch.Of([1]);
        }

        private ValueTask Note(string call)
        {
            _calls.Add(call);
            return ValueTask.CompletedTask;
        }
    }
}
