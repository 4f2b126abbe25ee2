namespace FastStream.Tests.Core.Monitoring;

/// <summary>Where a batch's time went, as a listener that asks for it hears.</summary>
public sealed class BatchProfileTests
{
    private sealed class Profiler(bool wants) : StreamingListener
    {
        public List<BatchInfo> Batches { get; } = [];

        public override bool WantsProfile => wants;

        public override void OnBatchCompleted(BatchInfo batch) => Batches.Add(batch);
    }

    [Fact]
    public async Task Profile_Asked_HasStagesPartitionsAndRecords()
    {
        (Profiler profiler, StreamGraph graph) = await RunAsync(wants: true);
        BatchProfile profile = profiler.Batches[0].Profile!;
        Assert.Equal([(0, 0), (0, 1), (1, 0), (1, 1)], profile.Stages.Select(run => (run.Stage, run.Partition)));
        Assert.All(profile.Stages, run => Assert.True(run.Start <= run.End && run.Messages > 0));
        Dictionary<string, long> records = profile.Streams.GroupBy(each => graph.Streams.Single(stream => stream.Id == each.Stream).Name)
            .ToDictionary(each => each.Key, each => each.Sum(part => part.Records));
        Assert.Equal(100, records["numbers"]);
        Assert.Equal(50, records["even"]);
        Assert.Equal(10, records["sums"]);
        // of its own batch only
        Assert.Equal(4, profiler.Batches[1].Profile!.Streams.Where(each => each.Stream == 0).Sum(each => each.Records));
    }

    [Fact]
    public async Task Profile_NotAsked_IsNotMade() =>
        Assert.All((await RunAsync(wants: false)).Profiler.Batches, batch => Assert.Null(batch.Profile));

    [Fact]
    public async Task Outputs_SayWhenTheyBegan()
    {
        (Profiler profiler, _) = await RunAsync(wants: false);
        Assert.All(profiler.Batches.SelectMany(batch => batch.Outputs), output => Assert.True(output.Start >= TimeSpan.Zero));
    }

    private static async Task<(Profiler Profiler, StreamGraph Graph)> RunAsync(bool wants)
    {
        var profiler = new Profiler(wants);
        await using var scenario = new StreamScenario();
        scenario.Context.AddListener(profiler);
        DStream<int> even = scenario.Input<int>([[.. Enumerable.Range(0, 100)], [1, 2, 3, 4]]).Named("numbers")
            .Filter(x => x % 2 == 0).Named("even");
        scenario.Output(even.Map(x => (x % 10 / 2, x)).KeyBy(x => (x.Item1, x.x % 4)).MapValues(_ => 1)
            .ReduceByKey((a, b) => a + b).Named("sums"));
        await scenario.RunAsync();
        return (profiler, scenario.Context.Describe());
    }
}
