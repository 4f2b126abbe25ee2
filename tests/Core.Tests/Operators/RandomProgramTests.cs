using Xunit.Abstractions;
using static FastStream.Tests.Core.Operators.OperatorRun;
using Pair = (int Key, int Value);

namespace FastStream.Tests.Core.Operators;

/// <summary>
/// Random programs of operators against the same programs in LINQ, in several numbers of partitions; and twice, for
/// equal results in equal order.
/// </summary>
public sealed class RandomProgramTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(7)]
    public void RandomPrograms_GiveWhatLinqGives(int partitions)
    {
        Random random = RandomSource.New(output);
        for (int round = 0; round < 12; round++)
        {
            int seed = random.Next();
            Pair[][] batches = [.. Enumerable.Range(0, 4).Select(_ => Batch(random))];
            Program program = null!;
            DStream<(int Stream, Pair Pair)> Describe(DStream<Pair> input) => (program = new Program(input, seed)).All();
            var result = StreamTest.Run(batches, Describe, In(partitions));
            var again = StreamTest.Run(batches, Describe, In(partitions));
            for (int i = 0; i < batches.Length; i++)
            {
                string what = $"program {seed}, batch {i}: {program}";
                Assert.True(program.Expected(batches[i]).Order().SequenceEqual(result[i]!.Order()), what);
                Assert.True(result[i]!.SequenceEqual(again[i]!), what);
            }
        }
    }

    private static Pair[] Batch(Random random)
    {
        int count = random.Next(4) switch { 0 => 0, 1 => random.Next(1, 20), 2 => random.Next(1, 600), _ => random.Next(1, 3000) };
        int keys = random.Next(1 + (count / 6), 700);
        return [.. Enumerable.Range(0, count).Select(_ => (random.Next(keys), random.Next(-50, 50)))];
    }

    /// <summary>Streams, each made of earlier ones, and beside each what it should give.</summary>
    private sealed class Program
    {
        private const int Steps = 8;

        // a model gets the results of the streams before it
        private readonly List<(DStream<Pair> Stream, Func<List<Pair[]>, Pair[]> Model, string Text)> _streams = [];
        private readonly Random _random;
        private bool _hasGrown;

        public Program(DStream<Pair> input, int seed)
        {
            _random = new Random(seed);
            _streams.Add((input, results => results[0], "input"));
            for (int step = 0; step < Steps; step++)
            {
                AddStep();
            }
        }

        /// <summary>All streams in one, each record with the number of its stream.</summary>
        public DStream<(int Stream, Pair Pair)> All() =>
            _streams[0].Stream.Context.Union([.. _streams.Select((each, number) => each.Stream.Map(pair => (Stream: number, Pair: pair)))]);

        public IEnumerable<(int Stream, Pair Pair)> Expected(Pair[] batch)
        {
            List<Pair[]> results = [batch];
            foreach ((_, Func<List<Pair[]>, Pair[]> model, _) in _streams.Skip(1))
            {
                results.Add(model(results));
            }

            return results.SelectMany((each, number) => each.Select(pair => (number, pair)));
        }

        public override string ToString() => string.Join("; ", _streams.Select((each, number) => $"{number} = {each.Text}"));

        private static int Mix(int left, int right) => unchecked((left * 31) + right) % 1000;

        private static int Sum(IEnumerable<int> values) => values.Aggregate(0, (a, b) => unchecked(a + b));

        private void AddStep()
        {
            int a = _random.Next(_streams.Count);
            int b = _random.Next(_streams.Count);
            int n = _random.Next(2, 6);

            // Joins of joins with many values for a key would grow without bound: one of them is enough.
            bool mayGrow = !_hasGrown || (_streams[a].Stream.HasUniqueKeys && _streams[b].Stream.HasUniqueKeys);
            int kind = _random.Next(mayGrow ? 20 : 16);
            _hasGrown |= kind >= 16;
            DStream<Pair> left = _streams[a].Stream;
            DStream<Pair> right = _streams[b].Stream;
            (DStream<Pair> Stream, Func<Pair[], Pair[], IEnumerable<Pair>> Model, string Text) step = kind switch
            {
                0 => (left.Map(x => (Key: x.Value + x.Key, Value: x.Key % n)),
                    (l, _) => l.Select(x => (x.Value + x.Key, x.Key % n)), "Map"),
                1 => (left.Filter(x => (x.Key + x.Value) % n != 0), (l, _) => l.Where(x => (x.Key + x.Value) % n != 0), "Filter"),
                2 => (left.MapValues(x => x % n), (l, _) => l.Select(x => (x.Key, x.Value % n)), "MapValues"),
                19 => (left.FlatMapValues(x => Enumerable.Range(0, Math.Abs(x) % n)),
                    (l, _) => l.SelectMany(x => Enumerable.Range(0, Math.Abs(x.Value) % n).Select(y => (x.Key, y))), "FlatMapValues"),
                4 or 5 or 6 =>
                    (left.ReduceByKey((x, y) => unchecked(x + y)),
                        (l, _) => l.GroupBy(x => x.Key).Select(g => (g.Key, Sum(g.Select(x => x.Value)))), "ReduceByKey"),
                7 => (left.CombineByKey(_ => 1, (c, _) => c + 1, (x, y) => x + y, n),
                    (l, _) => l.GroupBy(x => x.Key).Select(g => (g.Key, g.Count())), "CombineByKey"),
                8 => (left.GroupByKey().MapValues(g => g.Max()),
                    (l, _) => l.GroupBy(x => x.Key).Select(g => (g.Key, g.Max(x => x.Value))), "GroupByKey"),
                9 => (left.Distinct(), (l, _) => l.Distinct(), "Distinct"),
                10 => (left.CountByValue().Map(x => (x.Key.Key, Value: (int)x.Value)),
                    (l, _) => l.GroupBy(x => x).Select(g => (g.Key.Key, g.Count())), "CountByValue"),
                11 => (left.Union(right), (l, r) => l.Concat(r), "Union"),
                16 or 17 => (left.Join(right).MapValues(x => Mix(x.Left, x.Right)),
                    (l, r) => l.Join(r, x => x.Key, x => x.Key, (x, y) => (x.Key, Mix(x.Value, y.Value))), "Join"),
                18 => (left.LeftOuterJoin(right).MapValues(x => Mix(x.Left, x.Right.GetValueOrDefault(7))),
                    (l, r) => Outer(l, r), "LeftOuterJoin"),
                12 => (left.CoGroup(right).MapValues(x => Mix(x.Left.Count, x.Right.Count)), CoGroup, "CoGroup"),
                13 => (left.Repartition(n), (l, _) => l, "Repartition"),
                14 => (left.PartitionBy(n), (l, _) => l, "PartitionBy"),
                3 => (left.Count().Map(x => (Key: 0, Value: (int)x)), (l, _) => [(0, l.Length)], "Count"),
                _ => (left.TransformWith(right, (l, r, _) => l.Except(r)), (l, r) => l.Except(r), "TransformWith Except"),
            };

            _streams.Add((step.Stream, results => [.. step.Model(results[a], results[b])], $"{step.Text}({a}, {b}, {n})"));
        }

        private static IEnumerable<Pair> Outer(Pair[] left, Pair[] right)
        {
            ILookup<int, int> rights = right.ToLookup(x => x.Key, x => x.Value);
            return left.SelectMany(x => rights[x.Key].DefaultIfEmpty(7).Select(y => (x.Key, Mix(x.Value, y))));
        }

        private static IEnumerable<Pair> CoGroup(Pair[] left, Pair[] right)
        {
            ILookup<int, int> lefts = left.ToLookup(x => x.Key, x => x.Value);
            ILookup<int, int> rights = right.ToLookup(x => x.Key, x => x.Value);
            return left.Concat(right).Select(x => x.Key).Distinct().Select(key => (key, Mix(lefts[key].Count(), rights[key].Count())));
        }
    }
}
