using System.Text.Json;

namespace FastStream.Tests.Conformance.Vectors;

/// <summary>Vectors about a context's life, about outputs, and about failing batches.</summary>
public sealed class LifeCycleVectorTests
{
    // Where our answer is another one on purpose: the step's number and what it answers here.
    private static readonly Dictionary<string, (int Step, string Answer, string Why)> Differences = new()
    {
        ["StreamingContextSuite: start without output operations"] =
            (2, "INITIALIZED", "a start that is refused for want of an output leaves the context as it was, so that one can be added"),
    };

    public static TheoryData<string> Runnable =>
        Vector.NamesOf(vector => vector.Kind == "lifecycle" && VectorSelection.ReasonToLeaveOut(vector) is null);

    [Theory]
    [MemberData(nameof(Runnable))]
    public async Task Steps_AnswerAsSparkTestsExpect(string name)
    {
        Vector vector = Vector.All[name];
        StreamingContext? context = null;
        var answers = new List<string>();
        foreach (JsonElement step in vector.Input.EnumerateArray())
        {
            if (step.GetString() == "new")
            {
                context = new StreamingContext(new StreamingOptions { TimeProvider = new ManualTimeProvider() });
                answers.Add("ok");
            }
            else
            {
                answers.Add(await AnswerAsync(context!, step.GetString()!));
            }
        }

        string[] expected = vector.Expected.EnumerateArray().Select(answer => answer.GetString()!).ToArray();
        if (Differences.TryGetValue(name, out (int Step, string Answer, string Why) difference))
        {
            expected[difference.Step] = difference.Answer;
        }

        Assert.Equal(expected, answers);
        await context!.DisposeAsync();
    }

    [Fact]
    public async Task ForEachBatch_SeesEveryBatchAndElement()
    {
        Vector vector = Vector.All.Values.Single(vector => vector.Kind == "foreachCount");
        int batches = 0;
        int elements = 0;
        await using var scenario = new StreamScenario();
        scenario.Input(JsonSerializer.Deserialize<int[][]>(vector.Input)!).ForEachBatch((batch, _) =>
        {
            batches++;
            elements += batch.Count;
        });
        await scenario.RunAsync();
        Assert.Equal(vector.Expected.GetProperty("datasetsSeen").GetInt32(), batches);
        Assert.Equal(vector.Expected.GetProperty("elementsSeen").GetInt32(), elements);
    }

    [Fact]
    public async Task FailingBatch_TheFollowingOnesRun_AndTheFailureIsTold()
    {
        Vector vector = Vector.All.Values.Single(vector => vector.Kind == "jobFailure");
        int[][] input = JsonSerializer.Deserialize<int[][]>(vector.Input)!;
        int[] failing = input[vector.Parameters.GetProperty("failingBatch").GetInt32() - 1];
        await using var scenario =
            new StreamScenario(new() { Configure = options => options with { OnBatchFailure = BatchFailurePolicy.ReportAndContinue } });
        RecordedOutput<int> output =
            scenario.Output(scenario.Input(input)
                .Map(x => failing.Contains(x) ? throw new InvalidOperationException("This is the special error.") : x));
        await scenario.RunAsync();
        Assert.Equal(JsonSerializer.Deserialize<int[][]>(vector.Expected.GetProperty("outputs"))!,
            output.Batches.Where(batch => batch is not null));
        Assert.Equal("This is the special error.", Assert.Single(scenario.Failures).InnerException!.Message);
    }

    private static async Task<string> AnswerAsync(StreamingContext context, string step)
    {
        try
        {
            switch (step)
            {
                case "addOutput":
                    new ManualStream<int>(context).ForEachBatch((_, _) => { });
                    return "ok";
                case "start":
                    context.Start();
                    return "ok";
                case "stop":
                    await context.StopAsync(StopMode.Immediate);
                    return "ok";
                case "state":
                    return context.State.ToString().ToUpperInvariant();
                case "awaitTimeout":
                    return context.Completion.IsCompleted ? "true" : "false";
                default:
                    throw new NotSupportedException($"The step {step} is not known; add it here.");
            }
        }
        catch (Exception error) when (error is ArgumentException or InvalidOperationException)
        {
            // Describing or starting what does not fit is an error of either kind here.
            return error is ArgumentException || step == "start" ? "IllegalArgument" : "IllegalState";
        }
    }
}
