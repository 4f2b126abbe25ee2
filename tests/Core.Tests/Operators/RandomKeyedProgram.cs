namespace FastStream.Tests.Core.Operators;

/// <summary>A random chain of operators on pairs, described on a stream and, step by step, the same done with LINQ on each batch.</summary>
/// <param name="random">Chooses operators; equal seeds give equal programs.</param>
/// <param name="newKey">Makes a key; some of them equal.</param>
/// <param name="isOrdered">Whether only partition counts of 1 are asked for, so that the order of records is known.</param>
/// <param name="hasWindows">Whether windows and states are among the operators.</param>
internal sealed class RandomKeyedProgram<TKey>(Random random, Func<Random, TKey> newKey, bool isOrdered, bool hasWindows = false)
{
    private const int MostRecords = 10_000;   // a step that gives more is left out: joins multiply

    /// <summary>The operators chosen, for messages.</summary>
    public List<string> Names { get; } = [];

    /// <summary>A random input: empty, small and larger batches.</summary>
    public static (TKey Key, long Value)[][] NewBatches(Random random, Func<Random, TKey> newKey, int count = 4) =>
        [.. Enumerable.Range(0, count).Select(_ => Enumerable.Range(0, random.Next(random.Next(4) switch { 0 => 1, 1 => 1200, _ => 30 }))
            .Select(_ => (newKey(random), random.NextInt64(-20, 20))).ToArray())];

    /// <summary>Adds up to so many operators.</summary>
    public Step Build(Step left, Step right, int steps)
    {
        Step[] sides = [left, right];
        for (int i = 0; i < steps; i++)
        {
            // Mostly one side; the other one grows too, so that both sides of a join come from anywhere.
            int side = random.Next(3) == 0 ? 1 : 0;
            Step next = Next(sides[side], sides[random.Next(4) == 0 ? side : 1 - side]);
            if (next.Batches.All(batch => batch is null || batch.Length <= MostRecords))
            {
                sides[side] = next;
            }
        }

        return sides[0];
    }

    private Step Next(Step at, Step other)
    {
        int? partitions = random.Next(3) switch { 0 => 1, 1 when !isOrdered => random.Next(1, 6), _ => null };
        TKey key = newKey(random);
        if (hasWindows && random.Next(3) > 0)
        {
            return new RandomWindowSteps<TKey>(random, newKey, at, partitions).Next(Names);
        }

        int kind = random.Next(27);
        Names.Add($"{kind}({partitions})");
        other = other.Stream.Slide == at.Stream.Slide ? other : at;
        DStream<(TKey Key, long Value)> stream = at.Stream;
        return kind switch
        {
            0 => at.Each(stream.Map(x => (x.Key, (x.Value * 3) + 1)), batch => batch.Select(x => (x.Key, (x.Value * 3) + 1))),
            1 => at.Each(stream.Filter(x => x.Value % 3 != 0), batch => batch.Where(x => x.Value % 3 != 0)),
            2 => at.Each(stream.MapValues(value => value - 5), batch => batch.Select(x => (x.Key, x.Value - 5))),
            3 => at.Each(stream.FlatMapValues(Some), batch => batch.SelectMany(x => Some(x.Value).Select(value => (x.Key, value)))),
            4 => at.Each(
                stream.FlatMap<(TKey Key, long Value), (TKey Key, long Value)>((x, results) => results.AddRange([x, (key, x.Value)])),
                batch => batch.SelectMany(x => new[] { x, (key, x.Value) })),
            5 or 6 => at.Each(stream.ReduceByKey((a, b) => a + b, partitions),
                batch => Groups(batch).Select(group => (group.Key, group.Sum()))),
            7 => at.Each(stream.GroupByKey(partitions).MapValues(group => group.Max() + group.Count),
                batch => Groups(batch).Select(group => (group.Key, group.Max() + group.Count()))),
            8 => at.Each(
                stream.CombineByKey(value => (Sum: value, Count: 1), (all, value) => (all.Sum + value, all.Count + 1),
                    (a, b) => (a.Sum + b.Sum, a.Count + b.Count), partitions).MapValues(all => all.Sum - all.Count),
                batch => Groups(batch).Select(group => (group.Key, group.Sum() - group.Count()))),
            9 => at.Each(stream.Keys().CountByValue(partitions), batch => Groups(batch).Select(group => (group.Key, group.LongCount()))),
            10 => at.Each(stream.Distinct(partitions), batch => batch.Distinct()),
            11 => at.With(other, stream.Union(other.Stream), (batch, others) => batch.Concat(others)),
            12 => at.With(other, stream.Join(other.Stream, partitions).MapValues(x => x.Left - x.Right),
                (batch, others) => Joined(batch, others, false, false)),
            13 => at.With(other,
                stream.LeftOuterJoin(other.Stream, partitions).MapValues(x => x.Left - x.Right.GetValueOrDefault(100)),
                (batch, others) => Joined(batch, others, true, false)),
            14 => at.With(other,
                stream.RightOuterJoin(other.Stream, partitions).MapValues(x => x.Left.GetValueOrDefault(100) - x.Right),
                (batch, others) => Joined(batch, others, false, true)),
            15 => at.With(other,
                stream.FullOuterJoin(other.Stream, partitions)
                    .MapValues(x => x.Left.GetValueOrDefault(100) - x.Right.GetValueOrDefault(100)),
                    (batch, others) => Joined(batch, others, true, true)),
            16 => at.With(other, stream.CoGroup(other.Stream, partitions).MapValues(x => x.Left.Sum() - (2 * x.Right.Sum())), CoGrouped),
            17 => at.Each(stream.Repartition(partitions ?? 1), batch => batch),
            18 => at.Each(stream.PartitionBy(partitions), batch => batch),
            19 => at.Each(stream.MapPartitions(part => part.Select(x => x), keepsKeys: true), batch => batch),
            20 => at.Each(stream.Glom()
                .FlatMap<(TKey Key, long Value)[], (TKey Key, long Value)>((part, results) => results.AddRange(part)), batch => batch),
            21 => at.Each(stream.Transform(batch => batch.OrderBy(x => x.Value)), batch => batch.OrderBy(x => x.Value)),
            22 => at.With(other, stream.TransformWith(other.Stream, (batch, others, _) => batch.Concat(others)),
                (batch, others) => batch.Concat(others)),
            23 => at.With(other,
                stream.Context.Transform([other.Stream, stream], (batches, _) => batches.SelectMany(batch => batch)),
                (batch, others) => others.Concat(batch)),
            24 => at.Each(stream.TopK(5, x => x.Value).Map(x => (key, x.Value)),
                batch => batch.OrderByDescending(x => x.Value).Take(5).Select(x => (key, x.Value))),
            25 => at.Each(stream.Count().Map(count => (key, count)), batch => [(key, batch.LongCount())]),
            _ => at.Each(stream.Values().Reduce((a, b) => a + b).Map(sum => (key, sum)), batch => batch.Any()
                ? [(key, batch.Sum(x => x.Value))] : []),
        };
    }

    private static IEnumerable<long> Some(long value) => Enumerable.Range(0, (int)Math.Abs(value % 3)).Select(i => value + i);

    private static IEnumerable<IGrouping<TKey, long>> Groups(IEnumerable<(TKey Key, long Value)> batch) =>
        batch.GroupBy(x => x.Key, x => x.Value);

    // Key by key, those of the left side first; an absent side counts as 100.
    private static IEnumerable<(TKey Key, long Value)> Joined(IEnumerable<(TKey Key, long Value)> batch,
        IEnumerable<(TKey Key, long Value)> others, bool keepsLeft, bool keepsRight)
    {
        ILookup<TKey, long> lefts = batch.ToLookup(x => x.Key, x => x.Value);
        ILookup<TKey, long> rights = others.ToLookup(x => x.Key, x => x.Value);
        return lefts.Where(left => keepsLeft || rights.Contains(left.Key))
            .SelectMany(left => left.SelectMany(value => rights[left.Key].DefaultIfEmpty(100).Select(right => (left.Key, value - right))))
            .Concat(rights.Where(right => keepsRight && !lefts.Contains(right.Key))
                .SelectMany(right => right.Select(value => (right.Key, 100 - value))));
    }

    private static IEnumerable<(TKey Key, long Value)> CoGrouped(IEnumerable<(TKey Key, long Value)> batch,
        IEnumerable<(TKey Key, long Value)> others)
    {
        ILookup<TKey, long> lefts = batch.ToLookup(x => x.Key, x => x.Value);
        ILookup<TKey, long> rights = others.ToLookup(x => x.Key, x => x.Value);
        return lefts.Select(left => (left.Key, left.Sum() - (2 * rights[left.Key].Sum())))
            .Concat(rights.Where(right => !lefts.Contains(right.Key)).Select(right => (right.Key, -2 * right.Sum())));
    }

    /// <summary>
    /// A stream and the batches that it is to give; null where it is to give none, because none is due or the batch
    /// failed.
    /// </summary>
    internal sealed record Step(DStream<(TKey Key, long Value)> Stream, (TKey Key, long Value)[]?[] Batches)
    {
        public Step Each(DStream<(TKey Key, long Value)> stream,
            Func<IEnumerable<(TKey Key, long Value)>, IEnumerable<(TKey Key, long Value)>> model) =>
            new(stream, [.. Batches.Select(batch => batch is null ? null : model(batch).ToArray())]);

        public Step With(
            Step other,
            DStream<(TKey Key, long Value)> stream,
            Func<IEnumerable<(TKey Key, long Value)>, IEnumerable<(TKey Key, long Value)>, IEnumerable<(TKey Key, long Value)>> model) =>
            new(stream, [
                .. Batches.Zip(other.Batches, (batch, others) => batch is null
                    ? null : model(batch, others!).Take(MostRecords + 1).ToArray())]);
    }
}
