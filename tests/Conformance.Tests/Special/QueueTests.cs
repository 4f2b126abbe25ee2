using System.Text.Json;
using FastStream.Tests.Conformance.Programs;

namespace FastStream.Tests.Conformance.Special;

/// <summary>Inputs that take their batches from a queue.</summary>
public sealed class QueueTests
{
    public static TheoryData<string> Runnable => SpecialCase.Runnable("queue");

    [Theory]
    [MemberData(nameof(Runnable))]
    public async Task QueueStream_AnswersAsSpark(string id)
    {
        SpecialCase special = SpecialCase.All[id];
        var queue = new Queue<IReadOnlyList<object?>>(ValueText.ParseBatches(special.Json.GetProperty("queued"))!);
        await using var scenario = new StreamScenario();
        RecordedOutput<object?> output =
            scenario.Output(scenario.Context.QueueStream(queue, special.Json.GetProperty("oneAtATime").GetBoolean()));
        await scenario.RunBatchesAsync(3);
        queue.Enqueue([6L]);
        await scenario.RunAsync(2);
        Assert.Equal(special.Output("q"), output.Batches.Select(batch => (string?)ProgramRun.TextOf(batch, ordered: false)));
    }

    [Theory]
    [InlineData("InputStreamsSuite: queue input stream - oneAtATime = true")]
    [InlineData("pyspark test_context: test_queue_stream")]
    public async Task QueueStream_AnswersAsSparkTestsExpect(string name)
    {
        // A row of the input is what is queued before that batch: lists of elements, or elements that are a dataset each.
        Vectors.Vector vector = Vectors.Vector.All[name];
        var queue = new Queue<IReadOnlyList<object?>>();
        await using var scenario = new StreamScenario();
        RecordedOutput<object?> output = scenario.Output(scenario.Context.QueueStream(queue));
        foreach (JsonElement row in vector.Input.EnumerateArray())
        {
            foreach (JsonElement dataset in row.EnumerateArray())
            {
                object? value = ValueText.Parse(dataset);
                queue.Enqueue(value as IReadOnlyList<object?> ?? [value]);
            }

            await scenario.RunBatchesAsync(1);
        }

        await scenario.DisposeAsync();
        Assert.Equal(
            ValueText.ParseBatches(vector.Expected).Select(batch => ProgramRun.TextOf(batch, ordered: true)),
            output.Batches.Select(batch => ProgramRun.TextOf(batch, ordered: true)));
    }
}
