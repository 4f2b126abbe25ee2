using static FastStream.Tests.Core.Operators.OperatorRun;

namespace FastStream.Tests.Core.Operators;

/// <summary>A failed batch leaves nothing behind in any operator: the batch after it is as the one before it.</summary>
public sealed class FailureTests
{
    private static readonly int[] Good = [.. Enumerable.Range(0, 2000).Select(i => i % 100)];
    private static readonly int[] Bad = [.. Good, -1, .. Good, -1];

    /// <summary>Operators whose own function fails.</summary>
    public static TheoryData<string> Failing => [.. ByName.Keys.Where(name => name.StartsWith("fail ", StringComparison.Ordinal))];

    /// <summary>Operators that hold half a batch when something before them fails.</summary>
    public static TheoryData<string> Gathering => [.. ByName.Keys.Where(name => !name.StartsWith("fail ", StringComparison.Ordinal))];

    private static Dictionary<string, Func<DStream<int>, DStream<string>>> ByName { get; } = new()
    {
        ["fail Map"] = s => s.Map(Check).Map(Text),
        ["fail Filter"] = s => s.Filter(x => Check(x) > 0).Map(Text),
        ["fail FlatMap"] = s => s.FlatMap<int, int>((x, output) => output.Add(Check(x))).Map(Text),
        ["fail MapSpan"] = s => s.MapSpan((ReadOnlySpan<int> items, RecordBuffer<int> output) =>
        {
            foreach (int item in items)
            {
                output.Add(Check(item));
            }
        }).Map(Text),
        ["fail MapPartitions"] = s => s.MapPartitions(partition => partition.Select(Check)).Map(Text),
        ["fail Transform"] = s => s.Transform(batch => batch.Select(Check)).Map(Text),
        ["fail TransformWith"] = s => s.TransformWith(s, (left, right, _) => left.Concat(right).Select(Check)).Map(Text),
        ["fail TransformAll"] = s => s.Context.Transform([s, s, s], (batches, _) => batches.SelectMany(batch => batch).Select(Check))
            .Map(Text),
        ["fail KeyBy"] = s => s.KeyBy(Check).Map(Text),
        ["fail MapValues"] = s => Pairs(s).MapValues(Check).Map(Text),
        ["fail FlatMapValues"] = s => Pairs(s).FlatMapValues<int, int, int>((x, output) => output.Add(Check(x))).Map(Text),
        ["fail Reduce"] = s => s.Reduce((a, b) => a + Check(b)).Map(Text),
        ["fail ReduceByKey"] = s => Pairs(s).ReduceByKey((a, b) => Check(a) + Check(b)).Map(Text),
        ["fail TopK"] = s => s.TopK(5, Check).Map(Text),
        ["Count"] = s => s.Count().Map(Text),
        ["CountByValue"] = s => s.CountByValue().Map(Text),
        ["Distinct"] = s => s.Distinct().Map(Text),
        ["Glom"] = s => s.Glom().Map(Text),
        ["Repartition"] = s => s.Repartition(2).Glom().Map(Text),
        ["Reduce"] = s => s.Reduce((a, b) => a + b).Map(Text),
        ["TopK"] = s => s.TopK(7, x => x).Map(Text),
        ["Transform"] = s => s.Transform(batch => batch.Order()).Map(Text),
        ["TransformWith"] = s => s.TransformWith(s.Count(), (left, right, _) => right.Concat(left.Select(x => (long)x))).Map(Text),
        ["TransformAll"] = s => s.Context.Transform([s, s.Filter(x => x > 50), s], (batches, _) => batches.Select(batch => batch.Count))
            .Map(Text),
        ["Union"] = s => s.Union(s.Count().Map(x => (int)x), s).Map(Text),
        ["GroupByKey"] = s => Pairs(s).GroupByKey().Map(Text),
        ["CoGroup"] = s => Pairs(s).CoGroup(Pairs(s).Filter(x => x.Value % 2 == 0)).Map(Text),
        ["Join in step"] = s => Pairs(s).ReduceByKey(Math.Max).Join(Pairs(s).ReduceByKey(Math.Min)).Map(Text),
        ["Join partly in step"] = s => Pairs(s).ReduceByKey(Math.Max)
            .FullOuterJoin(Pairs(s).Filter(x => x.Key != 3).ReduceByKey(Math.Min)).Map(Text),
        ["Join"] = s => Pairs(s).Distinct().Join(Pairs(s).Filter(x => x.Value % 2 == 0)).Map(Text),
        ["FullOuterJoin"] = s => Pairs(s).Filter(x => x.Value % 3 == 0).Distinct()
            .FullOuterJoin(Pairs(s).Filter(x => x.Value % 2 == 0)).Map(Text),
    };

    [Theory]
    [MemberData(nameof(Failing))]
    public void OwnFunctionFails_NextBatch_IsClean(string name) => CheckRuns(ByName[name]);

    [Theory]
    [MemberData(nameof(Gathering))]
    public void FunctionBeforeFails_NextBatch_IsClean(string name) => CheckRuns(stream => ByName[name](stream.Map(Check)));

    private static void CheckRuns(Func<DStream<int>, DStream<string>> operation)
    {
        foreach (int partitions in (int[])[1, 3])
        {
            StreamTestResult<string> result = StreamTest.RunAll([Good, Bad, Good, [], Bad, Good], operation, ContinuingIn(partitions));
            Assert.Equal([new BatchTime(2000), new BatchTime(5000)], result.Failures.Select(failure => failure.BatchTime));
            Assert.All(result.Failures, failure => Assert.IsType<ArithmeticException>(failure.InnerException));
            Assert.NotEmpty(result.Batches[0]!);
            Assert.Null(result.Batches[1]);
            Assert.Equal(result.Batches[0]!, result.Batches[2]!);
            Assert.Equal(result.Batches[0]!, result.Batches[5]!);
        }
    }

    private static int Check(int x) => x < 0 ? throw new ArithmeticException("negative") : x;

    private static DStream<(int Key, int Value)> Pairs(DStream<int> stream) => stream.Map(x => (Key: x % 10, Value: x));

    private static string Text<T>(T item) => RecordText.Of(item);
}
