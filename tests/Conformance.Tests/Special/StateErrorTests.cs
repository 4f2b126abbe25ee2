using FastStream.Tests.Conformance.Programs;

namespace FastStream.Tests.Conformance.Special;

/// <summary>
/// What a state allows and refuses, call by call. What Spark calls an illegal argument is an operation that is not
/// possible here.
/// </summary>
public sealed class StateErrorTests
{
    private static readonly SpecialCase Case = SpecialCase.All["state-errors"];

    // Each gives the outcome as the case words it.
    private static readonly Dictionary<string, Func<State<object?>, string>> Calls = new()
    {
        ["get-absent"] = state => Outcome(() => $"{state.Value}", "no-such-element"),
        ["exists-absent"] = state => Flag(state.Exists),
        ["remove-absent"] = state => Outcome(() => Done(state.Remove)),
        ["update-then-get"] = state => Outcome(() => $"{Put(state, 3L).Value}"),
        ["update-twice"] = state => Outcome(() => $"ok {Put(Put(state, 3L), 4L).Value}"),
        ["remove-then-update"] = state => Outcome(() => $"{Put(Gone(state), 3L).Value}"),
        ["remove-then-get"] = state => Outcome(() => $"{Gone(Put(state, 3L)).Value}", "no-such-element"),
        ["remove-then-exists"] = state => Flag(Gone(Put(state, 3L)).Exists),
        ["remove-twice"] = state => Outcome(() => Done(Gone(Put(state, 3L)).Remove)),
        ["update-then-remove"] = state => Outcome(() => Done(Put(state, 3L).Remove)),
        ["update-null"] = state => Outcome(() => $"ok exists {Flag(Put(state, null).Exists)}"),
        ["time-out"] = state => Outcome(() => Done(() => state.Update(42L))),
    };

    [Fact]
    public async Task States_AllowAndRefuseAsSparks()
    {
        string[] tests = Case.Json.GetProperty("tests").EnumerateArray().Select(test => test.GetString()!).ToArray();
        await using var scenario = new StreamScenario(new StreamTestOptions { BatchCount = 4 });
        ManualStream<(long Key, string Value)> input =
            scenario.Input<(long, string)>([tests.Select((test, i) => ((long)i, test)).ToArray()]);
        MapWithStateStream<long, object?, object?> mapped = input.MapWithState(
            StateSpec.Function<long, string, object?, object?>(Run).Timeout(TimeSpan.FromSeconds(1)));
        RecordedOutput<object?> found = scenario.Output(mapped);
        RecordedOutput<object?> snapshots =
            scenario.Output(mapped.StateSnapshots().Map(pair => (object?)new ValueList(pair.Key, pair.State)));
        await scenario.RunAsync();
        Assert.Equal(Case.Output("mapped"), found.Batches.Select(batch => ProgramRun.TextOf(batch, ordered: false)));
        Assert.Equal(Case.Output("snapshots"), snapshots.Batches.Select(batch => ProgramRun.TextOf(batch, ordered: false)));
    }

    private static Optional<object?> Run(BatchTime time, long key, Optional<string> value, State<object?> state)
    {
        if (!state.IsTimingOut)
        {
            return new ValueList(value.Value, Calls[value.Value](state));
        }

        string remaining = state.Value is { } left ? $"{left}" : "null";
        return new ValueList(
            "timing-out", key, value.HasValue ? "a value" : "no value", $"state {remaining}", $"exists {Flag(state.Exists)}",
            $"update {Outcome(() => Done(() => state.Update(0L)))}", $"remove {Outcome(() => Done(state.Remove))}");
    }

    private static string Outcome(Func<string> call, string refused = "illegal-argument")
    {
        try
        {
            return call();
        }
        catch (InvalidOperationException)
        {
            return refused;
        }
    }

    private static string Done(Action call)
    {
        call();
        return "ok";
    }

    private static string Flag(bool value) => value ? "true" : "false";

    private static State<object?> Put(State<object?> state, object? value)
    {
        state.Update(value);
        return state;
    }

    private static State<object?> Gone(State<object?> state)
    {
        state.Remove();
        return state;
    }
}
