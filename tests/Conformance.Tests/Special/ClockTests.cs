using System.Text.Json;
using FastStream.Tests.Conformance.Programs;

namespace FastStream.Tests.Conformance.Special;

/// <summary>Which batches run, and when, as the clock goes on, jumps or stops.</summary>
public sealed class ClockTests
{
    public static TheoryData<string> FirstBatches =>
        new(SpecialCase.All.Values.Where(special => special.Id.StartsWith("clock-first-batch", StringComparison.Ordinal))
            .Select(special => special.Id));

    [Theory]
    [MemberData(nameof(FirstBatches))]
    public async Task BatchTimes_AreOnTheGridOfTheEpoch(string id)
    {
        SpecialCase special = SpecialCase.All[id];
        long[] times = JsonSerializer.Deserialize<long[]>(special.Json.GetProperty("batchTimes"))!;
        await using var scenario = new StreamScenario(new StreamTestOptions
        {
            StartTime = DateTimeOffset.FromUnixTimeMilliseconds(special.Number("clockMs", 0)),
            BatchInterval = TimeSpan.FromMilliseconds(special.Number("batchMs", 0)),
        });
        var seen = new List<long>();
        scenario.Input<int>([]).ForEachBatch((_, time) => seen.Add(time.Milliseconds));
        await scenario.RunAsync(times.Length);
        Assert.Equal(times, seen);
    }

    [Fact]
    public async Task Jump_OverThreeBatches_AllRunInOrder()
    {
        SpecialCase special = SpecialCase.All["clock-jump-over-three-batches"];
        await using var scenario = new StreamScenario();
        RecordedOutput<object?> output = scenario.Output(scenario.Input<object?>([[1L], [2L], [3L], [4L]]));
        await scenario.RunBatchesAsync(1);
        scenario.Clock.Jump(TimeSpan.FromSeconds(3));
        await scenario.Context.WhenCompletedAsync(new BatchTime(4000));
        await scenario.DisposeAsync();
        long[] times = JsonSerializer.Deserialize<long[]>(special.Json.GetProperty("submitted"))!;
        Assert.Equal(times,
            scenario.Recorder.Events.Where(heard => heard.Name == "BatchSubmitted").Select(heard => heard.Time!.Value.Milliseconds));
        Assert.Equal(special.Output("a"), times.Select(time => (string?)ProgramRun.TextOf(output.At(new BatchTime(time)), ordered: false)));
    }

    [Fact]
    public async Task GracefulStop_OneMoreBatchTakesWhatIsThere()
    {
        // Spark waits for the tick and runs one more after it; here the last batch runs at once, under the time of the next tick.
        await using var scenario = new StreamScenario();
        RecordedOutput<object?> output = scenario.Output(scenario.Input<object?>([[1L], [2L], [3L], [4L], [5L], [6L]]));
        await scenario.RunBatchesAsync(2);
        await scenario.Context.StopAsync(StopMode.Graceful);
        Assert.Equal(StreamingContextState.Stopped, scenario.Context.State);
        Assert.Equal(
            SpecialCase.All["graceful-stop-manual-clock"].Output("a").Take(3),
            new long[] { 1000, 2000, 3000 }.Select(time => (string?)ProgramRun.TextOf(output.At(new BatchTime(time)), ordered: false)));
        Assert.Null(output.At(new BatchTime(4000)));
    }
}
