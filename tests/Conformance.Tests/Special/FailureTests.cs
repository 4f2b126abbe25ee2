using FastStream.Tests.Conformance.Programs;

namespace FastStream.Tests.Conformance.Special;

/// <summary>Failing batches under the policy that goes on, which is Spark's way.</summary>
/// <remarks>A batch whose operators fail is lost for all outputs here; Spark's other outputs would still run.</remarks>
public sealed class FailureTests
{
    private static readonly IReadOnlyList<object?>[] Input = [[1L, 2L], [13L, 4L], [5L], [6L]];

    public static TheoryData<string> Runnable => SpecialCase.Runnable("failure", except: "fail-under-mapWithState");

    [Theory]
    [MemberData(nameof(Runnable))]
    public async Task FailingBatch_IsLost_AndTheOthersRun(string id)
    {
        SpecialCase special = SpecialCase.All[id];
        string[] names = special.Json.GetProperty("outputs").EnumerateObject().Select(output => output.Name).ToArray();
        await using var scenario = new StreamScenario(new StreamTestOptions
        {
            BatchCount = special.Number("batches", Input.Length),
            Configure = options => options with { OnBatchFailure = BatchFailurePolicy.ReportAndContinue },
        });
        ManualStream<object?> input = scenario.Input(Input);
        RecordedOutput<object?>[] outputs = names.Select(name => scenario.Output(Describe(id, name, input))).ToArray();
        await scenario.RunBatchesAsync();
        Assert.Equal(special.Text("state"), scenario.Context.State.ToString().ToUpperInvariant());
        await scenario.DisposeAsync();
        for (int i = 0; i < names.Length; i++)
        {
            Assert.Equal(special.Output(names[i]),
                outputs[i].Batches.Select(batch => batch is null ? null : ProgramRun.TextOf(batch, ordered: false)));
        }

        Assert.Equal(new BatchTime(2000), Assert.Single(scenario.Failures).BatchTime);
        Assert.IsType<ArithmeticException>(scenario.Failures[0].InnerException);

        // No batch stays pending: all are reported as completed.
        Assert.Equal(special.Number("batches", 0), scenario.Recorder.Events.Count(heard => heard.Name == "BatchCompleted"));
    }

    /// <summary>
    /// Spark's states never recover from a failed batch; here the batch is dropped whole, and the states go on from the
    /// one before.
    /// </summary>
    [Fact]
    public async Task States_GoOnFromBeforeAFailedBatch()
    {
        await using var scenario = new StreamScenario(new StreamTestOptions
        {
            Configure = options => options with { OnBatchFailure = BatchFailurePolicy.ReportAndContinue },
        });
        DStream<(object? Key, object? Value)> pairs = scenario.Input(Input).Map(x => (Key: (object?)((long)x! % 2), Value: FailOn13(x)));
        RecordedOutput<object?> sums = scenario.Output(pairs.MapWithState(StateSpec.Function(StateFunctions.Mapping("sumEmitPair"))));
        await scenario.RunBatchesAsync();
        Assert.Equal(["[[0,2],[1,1]]", "no batch", "[[1,6]]", "[[0,8]]"],
            sums.Batches.Select(batch => ProgramRun.TextOf(batch, ordered: false)));
        Assert.Equal(new BatchTime(2000), Assert.Single(scenario.Failures).BatchTime);
    }

    private static DStream<object?> Describe(string id, string output, DStream<object?> input) => (id, output) switch
    {
        ("fail-in-transform-other-output", "a") => input.Transform<object?, object?>(batch => batch.Select(FailOn13)),
        ("fail-in-transform-other-output", "b") => input,
        _ => input.Map(FailOn13),
    };

    private static object? FailOn13(object? x) => x is 13L ? throw new ArithmeticException("13 was found.") : x;
}
