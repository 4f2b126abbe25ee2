using static FastStream.Tests.Core.Operators.OperatorRun;

namespace FastStream.Tests.Core.Operators;

public sealed class ReduceByKeyAndWindowTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private sealed record Name(Utf8Text Text);

    [Fact]
    public void Slide_NotShorterThanLength_NeedsNoInverse()
    {
        (string Key, int Value)[][] batches = [.. Enumerable.Range(1, 8).Select(i => new[] { ("a", i), ("b", 1) })];
        foreach (int slide in (int[])[2, 3])
        {
            var found = StreamTest.Run(
                batches,
                pairs => pairs.ReduceByKeyAndWindow((a, b) => a + b,
                    (_, _) => throw new InvalidOperationException("inverse"), 2 * Second, slide * Second),
                In(1));
            for (int tick = 1; tick <= 8; tick++)
            {
                string? expected = tick % slide == 0 ? $"[(a,{tick + tick - 1}), (b,2)]" : null;
                Assert.Equal(expected, found[tick - 1] is { } batch ? RecordText.Of(batch) : null);
            }
        }
    }

    [Fact]
    public void Key_AllOfItsValuesLeft_IsAbsentAndBeginsAnew()
    {
        // 1e20 takes the one along when it leaves: the sum is made anew, and a key that comes again has no rest of it.
        var found = StreamTest.Run(
            [[("a", 1e20)], [("a", 1.0)], [], [], [("a", 2.0)]],
            pairs => pairs.ReduceByKeyAndWindow((a, b) => a + b, (a, b) => a - b, 2 * Second), In(2));
        Assert.Equal([[("a", 1e20)], [("a", 1e20 + 1)], [("a", 1.0)], [], [("a", 2.0)]], found);
    }

    [Fact]
    public void Filter_WhatItLeavesOut_StaysInTheWindow()
    {
        var found = StreamTest.Run(
            [[("a", 1)], [("a", 2)], [("a", 3)]],
            pairs => pairs.ReduceByKeyAndWindow((a, b) => a + b, (a, b) => a - b, 3 * Second, filter: pair => pair.Value != 3), In(2));
        Assert.Equal([[("a", 1)], [], [("a", 6)]], found);
    }

    /// <summary>
    /// Each function throws at every call number in turn, once or for good: results are those of LINQ without the
    /// batches that failed.
    /// </summary>
    [Theory]
    [InlineData(true, 0)]
    [InlineData(true, 1)]
    [InlineData(false, 0)]
    [InlineData(false, 1)]
    public async Task Functions_FailAnywhere_NothingCountsTwiceOrHalf(bool hasInverse, int retries)
    {
        (int Key, int Value)[][] batches = [.. Enumerable.Range(1, 9)
            .Select(i => Enumerable.Range(0, 6).Select(k => ((k * i) % 7, i)).ToArray())];
        for (int failing = 1; failing < 60; failing += 3)
        {
            int calls = 0;
            int Check(int result) => ++calls == failing ? throw new ArithmeticException("now") : result;
            await using var scenario =
                new StreamScenario(new()
                    { Partitions = 1, Configure = options => options with
                        { BatchRetries = retries, OnBatchFailure = BatchFailurePolicy.ReportAndContinue } });
            DStream<(int Key, int Value)> pairs = scenario.Input(batches);
            var found = scenario.Output(hasInverse
                ? pairs.ReduceByKeyAndWindow((a, b) => Check(a + b), (a, b) => Check(a - b), 3 * Second, 2 * Second,
                    filter: pair => Check(pair.Value) > 0)
                : pairs.ReduceByKeyAndWindow((a, b) => Check(a + b), 3 * Second, 2 * Second));
            await scenario.RunAsync();
            int? failed = scenario.Failures.Count == 0 ? null : (int)(scenario.Failures[0].BatchTime!.Value.Milliseconds / 1000);
            Assert.Equal(retries == 0 && calls >= failing, failed is not null);
            for (int tick = 1; tick <= batches.Length; tick++)
            {
                var expected = tick % 2 != 0
                    ? null
                    : Enumerable.Range(1, tick).Where(i => i > tick - 3 && i != failed).SelectMany(i => batches[i - 1])
                        .GroupBy(pair => pair.Key, pair => pair.Value).Select(group => (group.Key, group.Sum()));
                Assert.Equal(expected?.Order(), found.Batches[tick - 1]?.Order());
            }
        }
    }

    [Fact]
    public void Arguments_OutOfPlace_AreRefusedWhileDescribing()
    {
        StreamingContext context = Context();
        var pairs = new ManualStream<(int Key, long Value)>(context);
        Func<long, long, long> add = (a, b) => a + b;
        Assert.Equal("length", Assert.Throws<ArgumentException>(() => pairs.ReduceByKeyAndWindow(add, TimeSpan.Zero)).ParamName);
        Assert.Equal("length", Assert.Throws<ArgumentException>(() => pairs.ReduceByKeyAndWindow(add, add, 1.5 * Second)).ParamName);
        Assert.Equal("slide", Assert.Throws<ArgumentException>(() => pairs.ReduceByKeyAndWindow(add, Second, -Second)).ParamName);
        Assert.Equal("reduce", Assert.Throws<ArgumentNullException>(() => pairs.ReduceByKeyAndWindow(null!, Second)).ParamName);
        Assert.Equal("inverse", Assert.Throws<ArgumentNullException>(() => pairs.ReduceByKeyAndWindow(add, null!, Second)).ParamName);
        Assert.Equal("partitions",
            Assert.Throws<ArgumentOutOfRangeException>(() => pairs.ReduceByKeyAndWindow(add, Second, partitions: 0)).ParamName);
        var named = new ManualStream<Name>(context);
        const string Message =
            "A key of type FastStream.Tests.Core.Operators.ReduceByKeyAndWindowTests+Name would be kept over "
            + "batches, and it holds a FastStream.Utf8Text behind a reference";
        Assert.StartsWith(Message,
            Assert.Throws<ArgumentException>(() => named.Map(name => (Key: name, Value: 1L)).ReduceByKeyAndWindow(add, Second)).Message);
        Assert.StartsWith(Message,
            Assert.Throws<ArgumentException>(() => named.Map(name => (Key: name, Value: 1L))
                .ReduceByKeyAndWindow(add, add, Second)).Message);
        Assert.StartsWith(Message, Assert.Throws<ArgumentException>(() => named.CountByValueAndWindow(Second)).Message);
    }
}
