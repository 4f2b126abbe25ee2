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
            () => batches[0].ToArray(), () => batches[0].Take(1), () => _ = batches[0].First(), () => _ = batches[0].Blocks, () => _ = batches[0].Partitions, () => batches[0].Partition(0),
        })
        {
            Assert.Contains("Retain", Assert.Throws<ObjectDisposedException>(read).Message, StringComparison.Ordinal);
        }

        Assert.Equal(2, batches[0].Count);
        Assert.Equal([3], batches[1].ToArray());
        batches[1].Release();
    }
}
