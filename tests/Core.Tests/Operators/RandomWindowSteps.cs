namespace FastStream.Tests.Core.Operators;

/// <summary>
/// Windows and states for <see cref="RandomKeyedProgram{TKey}"/>: each described on a stream, and the same by looking
/// at all batches until now.
/// </summary>
/// <remarks>A batch that failed is nowhere. Functions do not look at the order of values, which partitions change.</remarks>
internal sealed class RandomWindowSteps<TKey>(Random random, Func<Random, TKey> newKey, RandomKeyedProgram<TKey>.Step at, int? partitions)
{
    private const int LongestSlide = 6;   // ticks: windows of windows of windows would hardly ever be due

    private readonly TKey _key = newKey(random);
    private readonly int _step = (int)at.Stream.Slide.TotalSeconds;   // ticks between two batches that come in

    public RandomKeyedProgram<TKey>.Step Next(List<string> names)
    {
        int kind = random.Next(14);
        int length = _step * random.Next(1, 6);
        int slide = _step * random.Next(1, Math.Max(2, (LongestSlide / _step) + 1));
        TimeSpan long_ = TimeSpan.FromSeconds(length);
        TimeSpan? often = slide == _step && random.Next(2) == 0 ? null : TimeSpan.FromSeconds(slide);
        names.Add($"window {kind}({partitions}, {length}, {slide})");
        DStream<(TKey Key, long Value)> stream = at.Stream;
        TKey key = _key;
        return kind switch
        {
            0 or 1 => Window(stream.Window(long_, often), batch => batch),
            2 => Window(stream.ReduceByKeyAndWindow((a, b) => a + b, long_, often, partitions),
                batch => Groups(batch).Select(group => (group.Key, group.Sum()))),
            3 => Window(stream.ReduceByKeyAndWindow(Math.Max, long_, often, partitions),
                batch => Groups(batch).Select(group => (group.Key, group.Max()))),
            4 or 5 => Window(
                stream.ReduceByKeyAndWindow((a, b) => a + b, (a, b) => a - b, long_, often, partitions),
                batch => Groups(batch).Select(group => (group.Key, group.Sum()))),
            6 => Window(
                stream.ReduceByKeyAndWindow((a, b) => a + b, (a, b) => a - b, long_, often, partitions, pair => pair.Value % 3 != 0),
                batch => Groups(batch).Select(group => (group.Key, group.Sum())).Where(pair => pair.Item2 % 3 != 0)),
            7 => Window(stream.CountByWindow(long_, often).Map(count => (key, count)), batch => [(key, batch.LongCount())]),
            8 => Window(stream.Keys().CountByValueAndWindow(long_, often, partitions),
                batch => Groups(batch).Select(group => (group.Key, group.LongCount()))),
            9 => Window(
                stream.GroupByKeyAndWindow(long_, often, partitions).MapValues(group => group.Max() + group.Count),
                batch => Groups(batch).Select(group => (group.Key, group.Max() + group.Count()))),
            10 => Window(
                random.Next(2) == 0
                    ? stream.Values().ReduceByWindow((a, b) => a + b, long_, often).Map(sum => (key, sum))
                    : stream.Values().ReduceByWindow((a, b) => a + b, (a, b) => a - b, long_, often).Map(sum => (key, sum)),
                batch => batch.Any() ? [(key, batch.Sum(pair => pair.Value))] : []),
            11 or 12 => Updated(),
            _ => Mapped(),
        };

        RandomKeyedProgram<TKey>.Step Window(
            DStream<(TKey Key, long Value)> described,
            Func<IEnumerable<(TKey Key, long Value)>, IEnumerable<(TKey Key, long Value)>> model) =>
            new(described, [.. at.Batches.Select((batch, tick) => batch is null || (tick + 1) % slide != 0
                ? null
                : model(at.Batches[Math.Max(0, tick - length + 1)..(tick + 1)].SelectMany(each => each ?? [])).ToArray())]);
    }

    private static IEnumerable<IGrouping<TKey, long>> Groups(IEnumerable<(TKey Key, long Value)> batch) =>
        batch.GroupBy(pair => pair.Key, pair => pair.Value);

    private (TKey Key, long State)[] NewInitial() => [.. Enumerable.Range(0, random.Next(4)).Select(i => (newKey(random), (long)i * 3))];

    // A sum, with the number of batches it was seen in; ends when it is a multiple of 7.
    private RandomKeyedProgram<TKey>.Step Updated()
    {
        (TKey Key, long State)[] initial = NewInitial();
        Dictionary<ValueTuple<TKey>, long> states = Of(initial);
        return new(
            at.Stream.UpdateStateByKey((ReadOnlySpan<long> values, Optional<long> state) => NewState([.. values], state), initial,
                partitions),
            [.. at.Batches.Select(batch =>
            {
                if (batch is null)
                {
                    return null;
                }

                ILookup<ValueTuple<TKey>, long> values = batch.ToLookup(pair => new ValueTuple<TKey>(pair.Key), pair => pair.Value);
                var next = new Dictionary<ValueTuple<TKey>, long>();
                foreach (ValueTuple<TKey> key in states.Keys.Union(values.Select(group => group.Key)))
                {
                    if (NewState([.. values[key]], states.TryGetValue(key, out long state) ? state : Optional<long>.None)
                        .TryGetValue(out long found))
                    {
                        next.Add(key, found);
                    }
                }

                states = next;
                return states.Select(pair => (pair.Key.Item1, pair.Value)).ToArray();
            })]);

        static Optional<long> NewState(long[] values, Optional<long> state)
        {
            long sum = state.GetValueOrDefault() + values.Sum() + 1;
            return sum % 7 == 0 ? default : new Optional<long>(sum);
        }
    }

    // A sum; every fifth second states of the keys that come end. What is idle ends too.
    private RandomKeyedProgram<TKey>.Step Mapped()
    {
        // Initial states count from the first batch, wherever it failed: when that is, only a program knows where it did not fail.
        int? idle = random.Next(2) == 0 ? _step * random.Next(0, 4) : null;
        // also where they are not used: whether a batch fails is not to change the program
        (TKey Key, long State)[] chosen = NewInitial();
        (TKey Key, long State)[] initial = idle is not null && at.Batches[_step - 1] is null ? [] : chosen;
        bool wantsSnapshots = random.Next(3) > 0;
        var spec = StateSpec.Function<TKey, long, long, (TKey Key, long Value)>((time, key, value, state) =>
        {
            if (state.IsTimingOut)
            {
                return (key, -state.Value);
            }

            if (time.Milliseconds % 5000 != 0)
            {
                state.Update(state.GetValueOrDefault() + value.Value);
            }
            else if (state.Exists)
            {
                state.Remove();
            }

            return value.Value % 2 == 0 ? (key, value.Value) : Optional<(TKey Key, long Value)>.None;
        }).InitialState(initial);
        spec = partitions is { } count ? spec.NumPartitions(count) : spec;
        var mapped = at.Stream.MapWithState(idle is { } ticks ? spec.Timeout(TimeSpan.FromSeconds(ticks)) : spec);
        Dictionary<ValueTuple<TKey>, long> states = Of(initial);
        Dictionary<ValueTuple<TKey>, int> touched = states.ToDictionary(pair => pair.Key, _ => _step);
        return new(wantsSnapshots
            ? mapped.StateSnapshots().Map(pair => (pair.Key, Value: pair.State))
                : mapped, [.. at.Batches.Select((batch, tick) => batch is null ? null : Run(batch, tick + 1))]);

        (TKey Key, long Value)[] Run((TKey Key, long Value)[] batch, int now)
        {
            foreach ((TKey key, long value) in batch)
            {
                touched[new(key)] = now;
                states[new(key)] = states.GetValueOrDefault(new(key)) + value;
                if (now % 5 == 0)
                {
                    states.Remove(new(key));
                }
            }

            (TKey Key, long Value)[] ended = [.. states.Where(pair => touched[pair.Key] < now - idle)
                .Select(pair => (pair.Key.Item1, -pair.Value))];
            foreach ((TKey key, _) in ended)
            {
                states.Remove(new(key));
            }

            return wantsSnapshots
                ? [.. states.Select(pair => (pair.Key.Item1, pair.Value))] : [.. batch.Where(pair => pair.Value % 2 == 0), .. ended];
        }
    }

    private static Dictionary<ValueTuple<TKey>, long> Of((TKey Key, long State)[] initial)
    {
        var states = new Dictionary<ValueTuple<TKey>, long>();
        foreach ((TKey key, long state) in initial)
        {
            states[new(key)] = state;
        }

        return states;
    }
}
