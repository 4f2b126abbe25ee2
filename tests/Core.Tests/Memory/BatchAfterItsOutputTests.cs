namespace FastStream.Tests.Core.Memory;

/// <summary>A batch that is read when its output is over says so, instead of being empty.</summary>
public sealed class BatchAfterItsOutputTests
{
    [Fact]
    public async Task Read_AfterTheOutput_Throws_UnlessRetained()
    {
        var batches = new List<Batch<int>>();
        await using var scenario = new StreamScenario();
        scenario.Input<int>([[1, 2], [3]]).Map(x => x).ForEachBatch((batch, time) =>
        {
            batches.Add(batch);
            if (batches.Count == 2)
            {
                batch.Retain();
            }
        });
        await scenario.RunBatchesAsync(2);
        foreach (Action read in new Action[]
        {
            () => batches[0].ToArray(), () => batches[0].Take(1), () => _ = batches[0].First(),
            () => _ = batches[0].Blocks, () => _ = batches[0].Partitions, () => batches[0].Partition(0),
        })
        {
            Assert.Contains("Retain", Assert.Throws<ObjectDisposedException>(read).Message, StringComparison.Ordinal);
        }

        Assert.Equal(2, batches[0].Count);
        Assert.Equal([3], batches[1].ToArray());
        batches[1].Release();
    }

    [Fact]
    public async Task Retain_Lease_HoldsUntilTheLastIsDisposed()
    {
        var leases = new List<BatchLease<Utf8Text>>();
        await using var scenario = new StreamScenario();
        DStream<Utf8Text> texts = scenario.Input<int>([[1, 2], [3]]).Map(number => Utf8Text.Intern($"{number}"));
        texts.ForEachBatch((batch, time) =>
        {
            leases.Add(batch.Retain());
            leases.Add(leases[^1].Batch.Retain());
        });
        await scenario.RunBatchesAsync(2);
        Batch<Utf8Text> first = leases[0].Batch;
        Assert.Same(first, leases[1].Batch);
        leases[0].Dispose();
        leases[0].Dispose();   // once for all
        Assert.Throws<ObjectDisposedException>(() => leases[0].Batch);
        Assert.Equal(["1", "2"], first.Select(text => text.ToString()));
        leases[1].Dispose();
        Assert.Throws<ObjectDisposedException>(() => first.ToArray());
        Assert.Throws<ObjectDisposedException>(first.Retain);
        Assert.Equal(["3"], leases[2].Batch.Select(text => text.ToString()));
        leases.ForEach(lease => lease.Dispose());
    }

    [Fact]
    public async Task Walk_UnderWayWhenTheOutputEnds_ThrowsAtTheNextStep()
    {
        IEnumerator<int>? records = null;
        IEnumerator<int>? ofPartition = null;
        IEnumerator<ReadOnlyMemory<int>>? blocks = null;
        IEnumerator<BatchPartition<int>>? partitions = null;
        BatchPartition<int> partition = default;
        await using var scenario = new StreamScenario(new StreamTestOptions { Partitions = 1 });
        scenario.Input<int>([[1, 2, 3]]).Map(x => x).ForEachBatch((batch, time) =>
        {
            partition = batch.Partition(0);
            records = batch.GetEnumerator();
            ofPartition = partition.GetEnumerator();
            blocks = batch.Blocks.GetEnumerator();
            partitions = batch.Partitions.GetEnumerator();
            Assert.True(records.MoveNext() && ofPartition.MoveNext() && blocks.MoveNext() && partitions.MoveNext());
        });
        await scenario.RunBatchesAsync(1);
        Assert.Throws<ObjectDisposedException>(() => records!.MoveNext());
        Assert.Throws<ObjectDisposedException>(() => ofPartition!.MoveNext());
        Assert.Throws<ObjectDisposedException>(() => blocks!.MoveNext());
        Assert.Throws<ObjectDisposedException>(() => partitions!.Current.ToArray());
        Assert.Throws<ObjectDisposedException>(() => partition.ToArray());
        Assert.Throws<ObjectDisposedException>(() => partition.Count);
        Assert.Throws<ObjectDisposedException>(() => partition.Blocks);
        Assert.Throws<ObjectDisposedException>(() => partition.GetEnumerator());
    }

    [Fact]
    public async Task Retain_AfterTheLastRelease_Throws_AndSoDoesOneReleaseMore()
    {
        Batch<int>? kept = null;
        await using var scenario = new StreamScenario();
        scenario.Input<int>([[1, 2]]).Map(x => x).ForEachBatch((batch, time) => kept = batch);
        await scenario.RunBatchesAsync(1);
        Assert.Throws<ObjectDisposedException>(kept!.Retain);
        Assert.Contains("more often", Assert.Throws<InvalidOperationException>(kept.Release).Message, StringComparison.Ordinal);
        Assert.Throws<ObjectDisposedException>(kept.Retain);
    }

    [Fact]
    public async Task Partition_ReadAfterMapPartitions_Throws()
    {
        BatchPartition<int> kept = default;
        await using var scenario = new StreamScenario(new StreamTestOptions { Partitions = 1 });
        int[] found = [];
        scenario.Input<int>([[1, 2]]).MapPartitions((partition, _) =>
        {
            kept = partition;
            return partition.ToArray();
        }).ForEachBatch((batch, time) => found = batch.ToArray());
        await scenario.RunBatchesAsync(1);
        Assert.Equal([1, 2], found);
        Assert.Contains("ToArray", Assert.Throws<ObjectDisposedException>(() => kept.ToArray()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Group_ReadAfterTheOutput_Throws_UnlessTheBatchIsRetained()
    {
        var groups = new List<Group<int>>();
        IEnumerator<int>? walk = null;
        Batch<(string Key, Group<int> Value)>? retained = null;
        await using var scenario = new StreamScenario(new StreamTestOptions { Partitions = 1 });
        scenario.Input<int>([[1, 2], [3]]).Map(x => (Key: "key", Value: x)).GroupByKey().ForEachBatch((batch, time) =>
        {
            foreach ((_, Group<int> group) in batch)
            {
                groups.Add(group);
                walk ??= ((IEnumerable<int>)group).GetEnumerator();
            }

            walk!.MoveNext();
            if (groups.Count == 2)
            {
                batch.Retain();
                retained = batch;
            }
        });
        await scenario.RunBatchesAsync(1);
        foreach (Action read in new Action[]
        {
            () => groups[0].ToArray(), () => _ = groups[0].Span.Length, () => _ = groups[0][0], () => groups[0].GetEnumerator(),
            () => _ = groups[0].Sum(), () => walk!.MoveNext(), () => groups[0].ToString(),
        })
        {
            Assert.Contains("ToArray", Assert.Throws<ObjectDisposedException>(read).Message, StringComparison.Ordinal);
        }

        Assert.Equal(2, groups[0].Count);
        walk = Enumerable.Empty<int>().GetEnumerator();
        await scenario.RunBatchesAsync(1);
        Assert.Equal([3], groups[1].ToArray());
        retained!.Release();
        Assert.Throws<ObjectDisposedException>(() => groups[1].ToArray());
        Assert.Empty(default(Group<int>).ToArray());
    }
}
