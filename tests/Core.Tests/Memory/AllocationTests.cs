using Xunit.Abstractions;

namespace FastStream.Tests.Core.Memory;

/// <summary>Tests that look at the whole process run after all others.</summary>
[CollectionDefinition("alone", DisableParallelization = true)]
public sealed class AloneCollection;

[Collection("alone")]
public sealed class AllocationTests(ITestOutputHelper output)
{
    private const int Records = 200_000;

    [Fact]
    public async Task Batch_OnceWarm_AllocatesNothingForARecord()
    {
        var numbers = new long[Records];
        for (int i = 0; i < numbers.Length; i++)
        {
            numbers[i] = i;
        }

        await using var scenario = new StreamScenario(new() { Configure = options => options with { PoisonReturnedBlocks = false } });
        ManualStream<long> input = scenario.Input<long>([]);
        long keys = 0;
        input.Map(x => x * 7)
             .Filter(x => x % 3 != 0)
             .Map(x => (Key: x % 1000, Value: 1L))
             .ReduceByKey((a, b) => a + b)
             .Repartition(3)
             .ForEachBatch((batch, _) => keys = batch.LongCount);
        long least = long.MaxValue;
        for (int batch = 0; batch < 40; batch++)
        {
            input.Add(numbers);
            long before = GC.GetTotalAllocatedBytes(precise: true);
            Assert.True(await scenario.RunBatchesAsync(1));
            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
            Assert.Equal(1000, keys);
        }

        output.WriteLine($"{least} bytes for a batch of {Records} records");
        Assert.InRange(least, 0, Records * 5L / 100);
    }
}
