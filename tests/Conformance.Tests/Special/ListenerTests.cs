using System.Text.Json;

namespace FastStream.Tests.Conformance.Special;

/// <summary>What listeners hear, and in which order.</summary>
public sealed class ListenerTests
{
    [Fact]
    public async Task Events_ComeInSparksOrder()
    {
        await using var scenario = new StreamScenario();
        ManualStream<int> input = scenario.Input([[1, 2, 3], [], [4]]);
        scenario.Output(input.Map(x => x));
        scenario.Output(input.Count());
        await scenario.RunAsync();
        Assert.Equal(
            SpecialCase.All["listener-two-outputs"].Json.GetProperty("events").EnumerateArray().Select(Expected),
            scenario.Recorder.Events.Select(Found));
    }

    // Name, time, output; records, and which times are known, for batch events.
    private static string Expected(JsonElement heard)
    {
        string name = heard.GetProperty("event").GetString()!.Replace("OutputOperation", "Output", StringComparison.Ordinal);
        return name switch
        {
            "StreamingStarted" => name,
            "OutputStarted" or "OutputCompleted" => $"{name} {Number(heard, "timeMs")} #{Number(heard, "outputOperation")}",
            _ => $"{name} {Number(heard, "timeMs")} records {Number(heard, "numRecords")}"
                + $" {Flag(heard, "processingStartKnown")} {Flag(heard, "processingEndKnown")} "
                    + $"{Flag(heard, "schedulingDelayKnown")} {Flag(heard, "processingDelayKnown")} {Flag(heard, "totalDelayKnown")}",
        };
    }

    private static string Found(ListenerEvent heard) => heard.Name switch
    {
        "StreamingStarted" => heard.Name,
        "OutputStarted" or "OutputCompleted" => $"{heard.Name} {heard.Time!.Value.Milliseconds} #{heard.OutputIndex}",
        _ => $"{heard.Name} {heard.Time!.Value.Milliseconds} records {heard.Batch!.RecordCount}"
            + $" {heard.Batch.StartedAt is not null} {heard.Batch.EndedAt is not null} "
                + $"{heard.Batch.SchedulingDelay is not null} {heard.Batch.ProcessingTime is not null} "
                + $"{heard.Batch.TotalDelay is not null}",
    };

    private static long Number(JsonElement heard, string name) => heard.GetProperty(name).GetInt64();

    private static bool Flag(JsonElement heard, string name) => heard.GetProperty(name).GetBoolean();
}
