namespace FastStream.Tests.Conformance.Special;

/// <summary>Windows that fit, and windows that do not.</summary>
public sealed class DescribeTests
{
    private static readonly Dictionary<string, Func<DStream<(long Key, long Value)>, OutputOperation>> Descriptions = new()
    {
        ["window-2500"] = stream => Put(stream.Window(TimeSpan.FromMilliseconds(2500))),
        ["countByWindow-2500"] = stream => Put(stream.CountByWindow(TimeSpan.FromMilliseconds(2500), Seconds(1))),
        ["window-of-window-default-slide"] = stream => Put(stream.Window(Seconds(4), Seconds(2)).Window(Seconds(4))),
        ["union-different-slides"] = stream => Put(stream.Union(stream.Window(Seconds(4), Seconds(2)))),
        ["join-same-slides"] = stream => Put(stream.Window(Seconds(4), Seconds(2)).Join(stream.Window(Seconds(2), Seconds(2)))),
        ["window-without-checkpoint-directory"] = stream => Put(stream.Window(Seconds(2))),
    };

    public static TheoryData<string> Runnable => SpecialCase.Runnable("describe");

    [Theory]
    [MemberData(nameof(Runnable))]
    public async Task Description_IsTakenOrRefusedAsBySpark(string id)
    {
        await using var scenario = new StreamScenario();
        Func<DStream<(long Key, long Value)>, OutputOperation> describe = Descriptions[id];
        DStream<(long Key, long Value)> input = scenario.Input<(long, long)>([[(1, 1)]]);
        if (SpecialCase.All[id].Json.GetProperty("describing").ValueKind == System.Text.Json.JsonValueKind.Object)
        {
            Assert.ThrowsAny<ArgumentException>(() => describe(input));
            return;
        }

        describe(input);
        scenario.Context.Start();
        Assert.Equal(SpecialCase.All[id].Text("state"), scenario.Context.State.ToString().ToUpperInvariant());
    }

    private static TimeSpan Seconds(int count) => TimeSpan.FromSeconds(count);

    private static OutputOperation Put<T>(DStream<T> stream) => stream.ForEachBatch((_, _) => { });
}
