using static FastStream.Tests.Core.Operators.OperatorRun;

namespace FastStream.Tests.Core.Operators;

public sealed class WindowTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly int[][] Numbers = [.. Enumerable.Range(1, 9).Select(i => new[] { i })];

    [Theory]
    [InlineData(1, 1, "[1] [2] [3] [4] [5] [6] [7] [8] [9]")]
    [InlineData(3, 1, "[1] [1, 2] [1, 2, 3] [2, 3, 4] [3, 4, 5] [4, 5, 6] [5, 6, 7] [6, 7, 8] [7, 8, 9]")]
    [InlineData(3, 2, "null [1, 2] null [2, 3, 4] null [4, 5, 6] null [6, 7, 8] null")]
    [InlineData(2, 3, "null null [2, 3] null null [5, 6] null null [8, 9]")]
    [InlineData(20, 4, "null null null [1, 2, 3, 4] null null null [1, 2, 3, 4, 5, 6, 7, 8] null")]
    public void Window_LengthAndSlide_HoldTheLastBatches(int length, int slide, string expected)
    {
        foreach (int partitions in (int[])[1, 3])
        {
            var found = StreamTest.Run(Numbers, numbers => numbers.Window(length * Second, slide * Second), In(partitions));
            Assert.Equal(expected,
                string.Join(' ', found
                    .Select(batch => batch is null ? "null" : RecordText.Of(partitions == 1 ? batch : batch.Order().ToArray()))));
        }
    }

    [Fact]
    public void CountByWindow_AlwaysOneNumber_AlsoBeforeTheFirstRecord() =>
        Assert.Equal([[0L], [0L], [2L], [2L], [0L]],
            StreamTest.Run<int, long>([[], [], [1, 2], [], []], numbers => numbers.CountByWindow(2 * Second), In(3)));

    [Fact]
    public void ReduceByWindow_EmptyWindow_GivesNothing()
    {
        foreach (bool hasInverse in (bool[])[true, false])
        {
            DStream<int> Sum(DStream<int> numbers) =>
                hasInverse ? numbers.ReduceByWindow((a, b) => a + b, (a, b) => a - b, 2 * Second)
                    : numbers.ReduceByWindow((a, b) => a + b, 2 * Second);
            Assert.Equal([[], [3], [10], [7], []], StreamTest.Run<int, int>([[], [1, 2], [7], [], []], Sum, In(3)));
        }
    }

    [Fact]
    public async Task MissedTicks_LeftOut_WindowsGoByTime()
    {
        await using var scenario =
            new StreamScenario(new() { Partitions = 1, Configure = options => options with { MissedTicks = MissedTickPolicy.RunNewest } });
        ManualStream<int> numbers = scenario.Input<int>([]);
        RecordedOutput<int> window = scenario.Output(numbers.Window(3 * Second));
        RecordedOutput<(int Key, int Value)> sums = scenario.Output(
            numbers.Map(x => (Key: 0, Value: x)).ReduceByKeyAndWindow((a, b) => a + b, (a, b) => a - b, 3 * Second, 2 * Second));
        numbers.Add(1);
        await scenario.RunBatchesAsync(1);
        numbers.Add(2);
        await scenario.RunBatchesAsync(1);
        foreach (int tick in (int[])[4, 7, 8])
        {
            numbers.Add(tick);
            Task completed = scenario.Context.WhenCompletedAsync(new BatchTime(tick * 1000));
            scenario.Clock.Jump(new BatchTime(tick * 1000).ToDateTimeOffset() - scenario.Clock.GetUtcNow());
            await completed;
        }

        int[] At(int tick) => [.. window.At(new BatchTime(tick * 1000)) ?? [-1]];
        Assert.Equal([[1], [1, 2], [-1], [2, 4], [7], [7, 8]], ((int[])[1, 2, 3, 4, 7, 8]).Select(At));
        Assert.Equal([(0, 3)], sums.At(new BatchTime(2000)));
        Assert.Equal([(0, 6)], sums.At(new BatchTime(4000)));
        Assert.Equal([(0, 15)], sums.At(new BatchTime(8000)));
    }

    [Fact]
    public async Task Ticks_WhereNoWindowIsDue_RunNoOutputOfIt()
    {
        await using var scenario = new StreamScenario(In(2));
        ManualStream<int> numbers = scenario.Input(Numbers);
        scenario.Output(numbers.Window(2 * Second, 3 * Second));
        scenario.Output(numbers);
        await scenario.RunAsync();
        var started = scenario.Recorder.Events.Where(heard => heard.Name == "OutputStarted")
            .ToLookup(heard => heard.OutputIndex, heard => heard.Time!.Value.Milliseconds);
        Assert.Equal([3000, 6000, 9000], started[0]);
        Assert.Equal(9, started[1].Count());
        Assert.Equal(9, scenario.Recorder.Events.Count(heard => heard.Name == "BatchCompleted"));
    }

    [Fact]
    public async Task Remember_Window_SlicesItsOwnTimes()
    {
        await using var scenario = new StreamScenario(In(1));
        RememberedStream<int> remembered = scenario.Input(Numbers).Window(3 * Second, 2 * Second).Remember(20 * Second);
        await scenario.RunBatchesAsync();
        using BatchSlice<int> slice = remembered.Slice(new BatchTime(3000), new BatchTime(7999));
        Assert.Equal([[1, 2], [2, 3, 4], [4, 5, 6]], slice.Select(batch => batch.ToArray()));
    }

    [Fact]
    public void Operators_BehindWindows_SeeTheWholeWindow()
    {
        (int, string)[][] left = [[(1, "a")], [(2, "b")], [(1, "c")]];
        (int, int)[][] right = [[(1, 10)], [], [(3, 30)]];
        var joined =
            StreamTest.Run(left, right,
                (DStream<(int Key, string Value)> l, DStream<(int Key, int Value)> r) => l.Window(2 * Second).Join(r.Window(3 * Second)),
                In(2));
        Assert.Equal([["(1,(a,10))"], ["(1,(a,10))"], ["(1,(c,10))"]], Sorted(joined));
        var grouped =
            StreamTest.Run(left, right,
                (DStream<(int Key, string Value)> l, DStream<(int Key, int Value)> r) => l.Window(2 * Second)
                    .CoGroup(r.Window(3 * Second)).Map(pair => RecordText.Of(pair)), In(2));
        Assert.Equal(["(1,([c],[10]))", "(2,([b],[]))", "(3,([],[30]))"], Sorted(grouped)[2]);
        int[][] some = [[5, 1], [5, 9], [2]];
        Assert.Equal([[5], [9], [9]], StreamTest.Run(some, numbers => numbers.Window(2 * Second).TopK(1, x => x), In(2)));
        Assert.Equal([["1", "5"], ["1", "5", "9"], ["2", "5", "9"]],
            Sorted(StreamTest.Run(some, numbers => numbers.Window(2 * Second).Distinct(), In(2))));
        Assert.Equal([2, 4, 3],
            StreamTest.Run(some, numbers => numbers.Window(2 * Second).Repartition(3).Transform(batch => new[] { batch.Count }), In(2))
                .Select(batch => batch![0]));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1000)]
    [InlineData(1500)]
    [InlineData(999)]
    public void Length_NoMultiple_IsRefusedWithTheNearest(int milliseconds)
    {
        var numbers = new ManualStream<int>(Context());
        TimeSpan wrong = TimeSpan.FromMilliseconds(milliseconds);
        ArgumentException error = Assert.Throws<ArgumentException>(() => numbers.Window(wrong));
        Assert.StartsWith(
            $"The window reaches back {wrong}, and ManualStream 0 makes a batch every 00:00:01; a positive multiple "
            + "of that is expected. Give 00:00:0", error.Message);
        Assert.Equal("length", error.ParamName);
        Assert.Equal("slide", Assert.Throws<ArgumentException>(() => numbers.Window(Second, wrong)).ParamName);
        Assert.Equal("length", Assert.Throws<ArgumentException>(() => numbers.CountByWindow(wrong)).ParamName);
        Assert.Equal("length", Assert.Throws<ArgumentException>(() => numbers.ReduceByWindow((a, b) => a + b, wrong)).ParamName);
        Assert.Equal("slide", Assert.Throws<ArgumentException>(() => numbers.CountByValueAndWindow(Second, wrong)).ParamName);
        Assert.Equal("length", Assert.Throws<ArgumentException>(() => numbers.KeyBy(x => x).GroupByKeyAndWindow(wrong)).ParamName);
    }

    [Fact]
    public void Length_TheLongest_IsRefusedAndAWholeNumberServes()
    {
        var numbers = new ManualStream<int>(Context());
        Assert.Equal("length", Assert.Throws<ArgumentException>(() => numbers.Window(TimeSpan.MaxValue)).ParamName);
        Assert.Equal("length", Assert.Throws<ArgumentException>(() => numbers.Window(TimeSpan.MinValue)).ParamName);
        Assert.Equal([[1], [1, 2]], StreamTest.Run<int, int>([[1], [2]], s => s.Window(TimeSpan.FromDays(10_000_000)), In(1)));
    }

    [Fact]
    public void Slide_OfAWindow_IsWhatTheNextOneCountsIn()
    {
        var window = new ManualStream<int>(Context()).Window(4 * Second, 2 * Second);
        Assert.Contains("Window 1 makes a batch every 00:00:02", Assert.Throws<ArgumentException>(() => window.Window(3 * Second)).Message);
        Assert.Equal(4 * Second, window.Window(4 * Second, 4 * Second).Slide);
        Assert.Equal(2 * Second, window.CountByWindow(4 * Second).Slide);
        Assert.Throws<ArgumentException>(() => window.Union(window.Window(4 * Second, 4 * Second)));
    }
}
