using FastStream;

namespace Acme;

/// <summary>A record with a key inside.</summary>
public readonly record struct Order(string Shop, int Number);

/// <summary>All orders of a shop in one partition.</summary>
internal sealed class ByShop : IPartitioner<Order>
{
    public bool IsByStableKey => KeySalt.IsStable<string>();

    public void Targets(ReadOnlySpan<Order> items, Span<int> targets, int partitions, in KeySalt salt)
    {
        for (int i = 0; i < items.Length; i++)
        {
            targets[i] = salt.PartitionOf(items[i].Shop, partitions);
        }
    }
}

/// <summary>Even numbers to the first partition, odd ones to the last.</summary>
internal sealed class ByParity(int offset = 0) : IPartitioner<Order>
{
    public void Targets(ReadOnlySpan<Order> items, Span<int> targets, int partitions, in KeySalt salt)
    {
        for (int i = 0; i < items.Length; i++)
        {
            targets[i] = offset + (items[i].Number % 2 == 0 ? 0 : partitions - 1);
        }
    }
}

/// <summary>All of a first stream, then all of a second, with the number of records of the first before each of the second.</summary>
internal sealed class Numbered(DStream<Order> first, DStream<int> second)
    : DStream<(int Before, int Value)>(first.Context, "Numbered", first, second)
{
    protected override void Connect(GraphBuilder graph, Operator<(int Before, int Value)>[] outputs)
    {
        NumberedOperator[] operators = [.. outputs.Select(output => new NumberedOperator(output))];
        OrderedInput<int>[] seconds = [.. operators.Select(each => new OrderedInput<int>(each, begin: null, passTurn: null))];
        graph.Attach(first, this,
            partition =>
                new OrderedInput<Order>(new Counter(operators[partition]), operators[partition].OnBatchStart, seconds[partition].TakeTurn));
        graph.Attach(second, this, partition => seconds[partition]);
    }

    private sealed class Counter(NumberedOperator to) : LastOperator<Order>
    {
        public override void OnRecords(ReadOnlySpan<Order> items) => to.Before += items.Length;

        public override void Reset(BatchContext batch) => to.Before = 0;
    }

    private sealed class NumberedOperator(Operator<(int Before, int Value)> next) : Operator<int, (int Before, int Value)>(next)
    {
        public int Before { get; set; }

        public override void OnRecords(ReadOnlySpan<int> items)
        {
            foreach (int item in items)
            {
                Output.Add((Before, item));
            }
        }

        public override void OnBatchEnd(BatchContext batch)
        {
            Before = 0;
            base.OnBatchEnd(batch);
        }

        public override void Reset(BatchContext batch)
        {
            Before = 0;
            base.Reset(batch);
        }
    }
}

public sealed class PartitionerTests
{
    private static readonly Order[] s_orders = [.. Enumerable.Range(0, 1000).Select(i => new Order($"shop {i % 37}", i))];

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void PartitionBy_ByShop_EachShopIsInOnePartition(int partitions)
    {
        IReadOnlyList<IReadOnlyList<(int Partition, string Shop, int Count)>?> found = StreamTest.Run(
            [s_orders],
            (DStream<Order> orders) => orders.PartitionBy(_ => new ByShop(), partitions)
                .MapPartitions((partition, index) => partition.GroupBy(order => order.Shop)
                    .Select(group => (index, group.Key, group.Count()))),
            new StreamTestOptions { Partitions = 3 });
        Assert.Equal(37, found[0]!.Count);
        Assert.Equal(s_orders.Length, found[0]!.Sum(each => each.Count));
        Assert.Equal(partitions > 1, found[0]!.Select(each => each.Partition).Distinct().Count() > 1);
    }

    [Fact]
    public async Task PartitionBy_AgainByTheSameKey_MovesNothing()
    {
        await using var scenario = new StreamScenario(new StreamTestOptions { Partitions = 3 });
        DStream<Order> orders = scenario.Input([s_orders]).PartitionBy(_ => new ByShop());
        Assert.True(orders.IsPartitionedByKey);
        scenario.Output(orders.Filter(order => order.Number > 2).PartitionBy(_ => new ByShop()));
        await scenario.RunAsync();
        Assert.Single(scenario.Context.Describe().Streams, stream => stream.IsExchange);
    }

    [Fact]
    public void PartitionBy_ByNoKey_GoesWhereItSays()
    {
        IReadOnlyList<IReadOnlyList<(int Partition, int Count)>?> found = StreamTest.Run(
            [s_orders],
            (DStream<Order> orders) => orders.PartitionBy(_ => new ByParity(), 3)
                .MapPartitions((partition, index) => new[] { (index, partition.Count) }));
        Assert.Equal([(0, 500), (1, 0), (2, 500)], found[0]!);
    }

    [Fact]
    public void PartitionBy_TargetOutside_FailsTheBatchWithASentence()
    {
        StreamTestResult<Order> result =
            StreamTest.RunAll([s_orders], (DStream<Order> orders) => orders.PartitionBy(_ => new ByParity(offset: 1), 3));
        Assert.Contains("ByParity gave the partition 3 for a record; 0 to 2 are expected",
            Assert.Single(result.Failures).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void OrderedInput_TwoParents_FirstComesBeforeSecond()
    {
        IReadOnlyList<IReadOnlyList<(int Before, int Value)>?> found = StreamTest.Run(
            [[new Order("a", 1), new Order("b", 2)], []],
            [[7, 8], [9]],
            (DStream<Order> orders, DStream<int> numbers) => new Numbered(orders, numbers),
            new StreamTestOptions { Partitions = 1 });
        Assert.Equal([(2, 7), (2, 8)], found[0]!);
        Assert.Equal([(0, 9)], found[1]!);
    }
}
