namespace FastStream.Tests.Core.Operators;

/// <summary>Once warm, an operator allocates nothing for a record or key: a batch may cost some small objects, whatever it holds.</summary>
/// <remarks>Runs alone: tests beside it would rent from the same array pools.</remarks>
[Collection(nameof(AllocationTests))]
[CollectionDefinition(nameof(AllocationTests), DisableParallelization = true)]
public sealed class AllocationTests
{
    private const int Records = 20_000;
    private const int AllowedBytesPerBatch = 2_000;

    private static readonly (int Key, long Value)[] Pairs = [.. Enumerable.Range(0, Records).Select(i => (i * 7919 % 9000, (long)i))];

    [Fact]
    public void GroupByKey_WarmBatch_AllocatesNothingForARecord() =>
        CheckAllocation(new GroupByKeyOperator<int, long>(new Nowhere<(int, Group<long>)>()));

    [Fact]
    public void CoGroup_WarmBatch_AllocatesNothingForARecord()
    {
        var operation = new CoGroupOperator<int, long, long>(new Nowhere<(int, (Group<long>, Group<long>))>());
        CheckAllocation(operation, operation.Left);
    }

    [Fact]
    public void Join_WarmBatch_AllocatesNothingForARecord()
    {
        var operation = new JoinOperator<int, long, long, long, long, InnerJoinKind<long, long>>(new Nowhere<(int, (long, long))>());
        CheckAllocation(operation, operation.Left);
    }

    [Fact]
    public void Union_RecordsHeldForTheirTurn_AllocateNothing()
    {
        var right = new OrderedInput<(int, long)>(new Nowhere<(int, long)>(), begin: null, passTurn: null);
        CheckAllocation(right, () =>
        {
            Feed(right);
            right.TakeTurn(new BatchContext(default, []));
        });
    }

    [Fact]
    public void Others_WarmBatch_AllocateNothingForARecord()
    {
        CheckAllocation(
            new FoldByKeyOperator<(int, long), (int, long), long, CountFold<(int, long)>>(default, new Nowhere<((int, long), long)>()));
        CheckAllocation(new DistinctOperator<(int, long)>(new Nowhere<(int, long)>()));
        CheckAllocation(new TopKOperator<(int Key, long Value), long, byte>(100, pair => pair.Value, true, new Nowhere<(int, long)>()));
        CheckAllocation(new MapValuesOperator<int, long, long, byte>(value => value + 1, new Nowhere<(int, long)>()));
        CheckAllocation(new FlatMapValuesOperator<int, long, long, byte>((value, output) => output.Add(value), new Nowhere<(int, long)>()));
    }

    [Fact]
    public async Task WindowsAndStates_WarmBatch_AllocateNothingForARecord()
    {
        await using var scenario = new StreamScenario();
        scenario.Output(scenario.Input<int>([]));
        scenario.Context.Start();   // windows ask it for zero time
        var size = new WindowSize(scenario.Context, TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(1), 0);
        CheckState(next => new WindowOperator<(int Key, long Value)>(size, next));
        CheckState(next => new RecomputedWindowOperator<int, long, byte>(size, (a, b) => a + b, null, next));
        CheckState(next => new InvertibleWindowOperator<int, long, byte>(size, (a, b) => a + b, (a, b) => a - b, null, next));
        CheckState(next =>
            new UpdateStateByKeyOperator<int, long, long, byte>((_, _, values, state) => state.GetValueOrDefault()
                + values.Length, [], next));
    }

    [Fact]
    public void MapWithState_WarmBatch_AllocatesNothingForARecord()
    {
        var states = new KeyedStates<int, long>(TimeSpan.FromSeconds(1));
        StateSpec<int, long, long, long> spec = StateSpec.Function<int, long, long, long>((_, _, value, state) =>
        {
            state.Update(state.GetValueOrDefault() + value.Value);
            return state.Value;
        }).Timeout(TimeSpan.FromSeconds(1));
        CheckAllocation(new MapWithStateOperator<int, long, long, long, byte>(spec, states, [], new Nowhere<long>()));
    }

    private static void CheckState<TOperator>(Func<Nowhere<(int Key, long Value)>, TOperator> create)
        where TOperator : Operator<(int Key, long Value)> => CheckAllocation(create(new Nowhere<(int Key, long Value)>()));

    private static void CheckAllocation(Operator<(int Key, long Value)> operation, Operator<(int Key, long Value)>? left = null) =>
        CheckAllocation(operation, () => Feed(left));

    private static void CheckAllocation(Operator<(int Key, long Value)> operation, Action before)
    {
        int batches = 0;
        for (int warmUp = 0; warmUp < 5; warmUp++)
        {
            RunBatch();
        }

        // The best of some batches: between two of them a collection may empty the array pool.
        long least = long.MaxValue;
        for (int batch = 0; batch < 10; batch++)
        {
            long start = GC.GetAllocatedBytesForCurrentThread();
            RunBatch();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - start);
        }

        Assert.InRange(least, 0, AllowedBytesPerBatch);

        void RunBatch()
        {
            var scope = new BatchContext(new BatchTime(1000L * ++batches), []);
            operation.OnBatchStart(scope);
            before();
            Feed(operation);
            operation.OnBatchEnd(scope);
            scope.Release();
        }
    }

    private static void Feed(Operator<(int Key, long Value)>? operation)
    {
        for (int start = 0; operation is not null && start < Records; start += RecordBuffer.SpanRecords)
        {
            operation.OnRecords(Pairs.AsSpan(start, Math.Min(RecordBuffer.SpanRecords, Records - start)));
        }
    }

    private sealed class Nowhere<T> : LastOperator<T>
    {
        public override void OnRecords(ReadOnlySpan<T> items)
        {
        }
    }
}
