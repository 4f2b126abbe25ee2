using static FastStream.Tests.Conformance.Programs.ElementFunctions;

namespace FastStream.Tests.Conformance.Programs;

/// <summary>The functions of states that programs name.</summary>
internal static class StateFunctions
{
    private static readonly Dictionary<string, TimedStateUpdate<object?, object?, object?>> Updates = new()
    {
        ["runningSum"] = (_, _, values, state) => RunningSum(values, state),
        ["runningMax"] = (_, _, values, state) => RunningMax(values, state),
        ["countCalls"] = (_, _, _, state) => Some(NumberOr0(state) + 1),
        ["batchSize"] = (_, _, values, _) => Some((long)values.Length),
        ["sumRemoveOver50"] = (_, _, values, state) => NumberOr0(state) + Sum(values) > 50 ? default : RunningSum(values, state),
        ["removeWhenIdle"] = (_, _, values, state) => values.IsEmpty ? default : RunningSum(values, state),
        ["removeOnNegative"] = (_, _, values, state) => values.ToArray().Any(value => Number(value) < 0)
            ? default : RunningSum(values, state),
        ["sumUntilIdleTwice"] = (_, _, values, state) => SumUntilIdleTwice(values, state),
        ["lastSeenTime"] = (time, _, values, state) => values.IsEmpty ? state : Some(time.Milliseconds),
        ["extendList"] =
            (_, _, values, state) => new Optional<object?>(new ValueList([.. state.HasValue ? List(state.Value) : [], .. values])),
        ["expireAfterTwoEmpty"] = (_, _, values, state) => ExpireAfterTwoEmpty(values, state),
    };

    private static readonly Dictionary<
        string, Func<BatchTime, object?, Optional<object?>, State<object?>, Optional<object?>>> Mappings = new()
    {
        ["sumEmitPair"] = TimingOutOr((_, key, value, state) => Some(Pair(key, Add(state, value)))),
        ["sumEmitNothing"] = (_, _, value, state) => state.IsTimingOut ? default : Nothing(Add(state, value)),
        ["sumEmitOver20"] =
            TimingOutOr((_, key, value, state) => Add(state, value) is var sum && sum > 20 ? Some(Pair(key, sum)) : default),
        ["toggle"] = TimingOutOr((_, key, value, state) => Some(Pair(key, Toggle(state, value) ? -1L : value.Value))),
        ["removeOver50"] = TimingOutOr(RemoveOver50),
        ["ignoreNegative"] =
            TimingOutOr((_, key, value, state) =>
                Some(Pair(key, Number(value.Value) < 0 ? state.GetValueOrDefault() ?? -1L : Put(state, value.Value)))),
        ["previous"] = TimingOutOr((_, key, value, state) =>
        {
            object? before = state.GetValueOrDefault() ?? -1L;
            state.Update(value.Value);
            return Some(Pair(key, before));
        }),
        ["sumEmitTime"] =
            TimingOutOr((time, key, value, state) => Add(state, value) is var _ ? Some(Pair(key, time.Milliseconds)) : default),
        ["countReturnSum"] = (_, _, value, state) => Some(Add(state, value)),
        ["countReturnState"] = (_, _, value, state) => Some(Add(state, value)),
        ["countReturnDoubledKey"] = (_, key, value, state) => Add(state, value) is var _ ? Some(Text(key) + Text(key)) : default,
        ["countReturnPair"] = (_, key, value, state) => Some(Pair(key, Add(state, value))),
        ["countReturnNone"] = (_, _, value, state) => Nothing(Add(state, value)),
        ["toggleRemoveReturnKey"] = (_, key, value, state) => Toggle(state, value) ? Some(key) : default,
        ["setOneReportTimeout"] = (_, key, _, state) => state.IsTimingOut ? Some(key) : Nothing(Put(state, 1L)),
    };

    public static TimedStateUpdate<object?, object?, object?> Update(string name) => Named(Updates, name);

    public static Func<BatchTime, object?, Optional<object?>, State<object?>, Optional<object?>> Mapping(string name) =>
        Named(Mappings, name);

    private static Optional<object?> Some(object? value) => new(value);

    private static Optional<object?> Nothing(object? _) => default;

    private static long Sum(ReadOnlySpan<object?> values)
    {
        long sum = 0;
        foreach (object? value in values)
        {
            sum += Number(value);
        }

        return sum;
    }

    private static long NumberOr0(Optional<object?> state) => state.HasValue ? Number(state.Value) : 0;

    private static Optional<object?> RunningSum(ReadOnlySpan<object?> values, Optional<object?> state) =>
        Some(NumberOr0(state) + Sum(values));

    private static Optional<object?> RunningMax(ReadOnlySpan<object?> values, Optional<object?> state)
    {
        long[] all = [.. state.HasValue ? [Number(state.Value)] : Array.Empty<long>(), .. values.ToArray().Select(Number)];
        return Some(all.Max());
    }

    private static Optional<object?> SumUntilIdleTwice(ReadOnlySpan<object?> values, Optional<object?> state)
    {
        long sum = NumberOr0(state) / 4;
        long idle = values.IsEmpty ? (NumberOr0(state) % 4) + 1 : 0;
        foreach (object? value in values)
        {
            sum += Math.Abs(Number(value));
        }

        return idle == 2 ? default : Some((4 * sum) + idle);
    }

    private static Optional<object?> ExpireAfterTwoEmpty(ReadOnlySpan<object?> values, Optional<object?> state)
    {
        long counter = state.HasValue ? Number(List(state.Value)[0]) : 0;
        long emptyRuns = state.HasValue ? Number(List(state.Value)[1]) : 0;
        long sum = Sum(values);
        emptyRuns = sum == 0 ? emptyRuns + 1 : 0;
        return emptyRuns == 2 ? default : Some(Pair(counter + sum, emptyRuns));
    }

    // Without a value what a time-out emits; every function but sumEmitNothing does.
    private static Func<BatchTime, object?, Optional<object?>, State<object?>, Optional<object?>> TimingOutOr(
        Func<BatchTime, object?, Optional<object?>, State<object?>, Optional<object?>> function) =>
        (time, key, value, state) => state.IsTimingOut ? Some(Pair(key, -1000 - Number(state.Value))) : function(time, key, value, state);

    private static long Add(State<object?> state, Optional<object?> value)
    {
        long sum = NumberOr0(state.Option) + Number(value.Value);
        state.Update(sum);
        return sum;
    }

    private static object? Put(State<object?> state, object? value)
    {
        state.Update(value);
        return value;
    }

    // Whether there was a state, which is gone now.
    private static bool Toggle(State<object?> state, Optional<object?> value)
    {
        if (state.Exists)
        {
            state.Remove();
            return true;
        }

        state.Update(value.Value);
        return false;
    }

    private static Optional<object?> RemoveOver50(BatchTime time, object? key, Optional<object?> value, State<object?> state)
    {
        long sum = NumberOr0(state.Option) + Number(value.Value);
        if (sum <= 50)
        {
            state.Update(sum);
            return default;
        }

        if (state.Exists)
        {
            state.Remove();
        }

        return Some(Pair(key, sum));
    }
}
