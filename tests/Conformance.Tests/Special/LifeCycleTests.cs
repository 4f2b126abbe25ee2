using System.Text.Json;

namespace FastStream.Tests.Conformance.Special;

/// <summary>Steps of a context's life and what each answers.</summary>
public sealed class LifeCycleTests
{
    // Where our answer is another one on purpose: case and number of the step.
    private static readonly Dictionary<(string Id, int Step), string> Differences = new()
    {
        // Any number of contexts may run in a process; the second start of the second one is then one start too many, and does nothing.
        [("life-two-contexts", 4)] = "ok",
        [("life-two-contexts", 5)] = "ACTIVE",

        // A context that is stopped before it was started is done.
        [("life-output-without-start", 4)] = "true",

        // What Spark calls by its own exception's name is a call in the wrong state.
        [("life-slice-before-start", 2)] = "illegal-state",
    };

    public static TheoryData<string> Runnable => SpecialCase.Runnable("lifeCycle");

    [Theory]
    [MemberData(nameof(Runnable))]
    public async Task Steps_AnswerAsSpark(string id)
    {
        var contexts = new Life();
        int number = 0;
        foreach (JsonElement step in SpecialCase.All[id].Json.GetProperty("steps").EnumerateArray())
        {
            JsonElement result = step.GetProperty("result");
            string expected = result.ValueKind == JsonValueKind.Object
                ? result.GetProperty("error").GetString()! : result.ToString().Replace("False", "false");
            expected = Differences.GetValueOrDefault((id, number), expected);
            string what = step.GetProperty("do").GetString()!;
            Assert.Equal($"{number} {what}: {expected}", $"{number} {what}: {await contexts.DoAsync(what)}");
            number++;
        }

        await contexts.DisposeAsync();
    }

    private sealed class Life : IAsyncDisposable
    {
        private readonly List<(StreamingContext Context, ManualStream<int> Input)> _contexts = [];
        private RememberedStream<int>? _remembered;

        public async Task<string> DoAsync(string step)
        {
            try
            {
                return await AnswerAsync(step);
            }
            catch (InvalidOperationException)
            {
                return "illegal-state";
            }
        }

        public async ValueTask DisposeAsync()
        {
            foreach ((StreamingContext context, _) in _contexts)
            {
                await context.DisposeAsync();
            }
        }

        private async Task<string> AnswerAsync(string step)
        {
            if (step.StartsWith("new", StringComparison.Ordinal))
            {
                var made = new StreamingContext(new StreamingOptions { TimeProvider = new ManualTimeProvider() });
                _contexts.Add((made, new ManualStream<int>(made)));
                step = step.EndsWith("with output", StringComparison.Ordinal) ? "add output" : "ok";
            }

            (StreamingContext context, ManualStream<int> input) = step.EndsWith("second", StringComparison.Ordinal) || step == "add output"
                ? _contexts[^1] : _contexts[0];
            switch (step.Split(" second")[0].Split(" first")[0].Replace(" of", "", StringComparison.Ordinal))
            {
                case "ok":
                    return "ok";
                case "slice 1000 to 2000":
                    _remembered!.Slice(new BatchTime(1000), new BatchTime(2000)).Dispose();
                    return "ok";
                case "add output":
                    _remembered = input.Remember(TimeSpan.FromSeconds(20));
                    input.ForEachBatch((_, _) => { });
                    return "ok";
                case "add input":
                    _ = new ManualStream<int>(context);
                    return "ok";
                case "add map":
                    input.Map(x => x);
                    return "ok";
                case "start":
                    context.Start();
                    return "ok";
                case "stop":
                    await context.StopAsync(StopMode.Immediate);
                    return "ok";
                case "state":
                    return context.State.ToString().ToUpperInvariant();
                case "await 50 ms":
                    return context.Completion.IsCompleted ? "true" : "false";
                default:
                    throw new NotSupportedException($"The step \"{step}\" is not known; add it here.");
            }
        }
    }
}
