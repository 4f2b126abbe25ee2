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
        var right = new InTurn<(int, long)>(new Nowhere<(int, long)>(), isFirst: false, passTurn: null);
        CheckAllocation(right, () =>
        {
            Feed(right);
            right.TakeTurn(new BatchScope(default, []));
        });
    }

    [Fact]
    public void Others_WarmBatch_AllocateNothingForARecord()
    {
        CheckAllocation(new CountByValueOperator<(int, long)>(new Nowhere<((int, long), long)>()));
        CheckAllocation(new DistinctOperator<(int, long)>(new Nowhere<(int, long)>()));
        CheckAllocation(new TopKOperator<(int Key, long Value), long, byte>(100, pair => pair.Value, true, new Nowhere<(int, long)>()));
        CheckAllocation(new MapValuesOperator<int, long, long, byte>(value => value + 1, new Nowhere<(int, long)>()));
        CheckAllocation(new FlatMapValuesOperator<int, long, long, byte>((value, output) => output.Add(value), new Nowhere<(int, long)>()));
    }

    private static void CheckAllocation(Operator<(int Key, long Value)> operation, Operator<(int Key, long Value)>? left = null) =>
        CheckAllocation(operation, () => Feed(left));

    private static void CheckAllocation(Operator<(int Key, long Value)> operation, Action before)
    {
        for (int warmUp = 0; warmUp < 3; warmUp++)
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
            var scope = new BatchScope(default, []);
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
            operation.OnBatch(Pairs.AsSpan(start, Math.Min(RecordBuffer.SpanRecords, Records - start)));
        }
    }

    private sealed class Nowhere<T> : Operator<T>
    {
        public override void OnBatch(ReadOnlySpan<T> items)
        {
        }

        public override void OnBatchEnd(BatchScope batch)
        {
        }

        public override void Reset()
        {
        }
    }
}
