using FastStream.Tests.Core.Operators;

namespace FastStream.Tests.Core.Checkpointing;

/// <summary>Keys of a checkpoint come to the partitions that own them, also where these are others than before.</summary>
public sealed class KeyOwnerTests
{
    private static readonly KeySalt Salt = KeySalt.Of(new StreamingOptions { KeySalt = "these tests" });

    private sealed record Named(string Name);

    [Fact]
    public void Of_FirstKeysOfAnotherPartition_AsksEachKey()
    {
        long[] keys = [.. Enumerable.Range(0, 5000).Select(i => (long)i)];
        int[] owners = [.. keys.Select(key => KeyGroups.PartitionOf(PartitionHash.Of(in key, in Salt), 4))];
        for (int claimed = 0; claimed < 4; claimed++)
        {
            var owner = new SavedKeyOwner(claimed, 4, Salt);
            Assert.Equal(owners, keys.Select(key => owner.Of(in key)));
        }
    }

    [Fact]
    public void Of_FirstKeysOfTheOwner_DoesNotAskTheOthers()
    {
        long[] own = [.. Enumerable.Range(0, 5000).Select(i => (long)i)
            .Where(key => KeyGroups.PartitionOf(PartitionHash.Of(in key, in Salt), 4) == 2)];
        var owner = new SavedKeyOwner(2, 4, Salt);
        Assert.All(own[..RecordBuffer.SpanRecords], key => Assert.Equal(2, owner.Of(in key)));
        Assert.All(Enumerable.Range(0, 100), key => Assert.Equal(2, owner.Of((long)key)));
    }

    [Theory]
    [InlineData(4, null)]
    [InlineData(2, null)]
    [InlineData(3, null)]
    [InlineData(4, "another")]
    public Task Restart_StableKeys_GoOn(int partitions, string? salt) => RestartsAsync(i => (i, $"key {i}"), partitions, salt);

    [Theory]
    [InlineData(4, null)]
    [InlineData(3, "another")]
    public Task Restart_KeysThatOnlyTheirHashCodeKnows_GoOn(int partitions, string? salt) =>
        RestartsAsync(i => new Named($"key {i}"), partitions, salt);

    private static async Task RestartsAsync<TKey>(Func<int, TKey> newKey, int partitions, string? salt)
    {
        const int Keys = 3000;
        using var folder = new JobFolder();
        (TKey Key, long Value)[] pairs = [.. Enumerable.Range(0, Keys).Select(i => (newKey(i), (long)i))];
        await using (StreamScenario first = folder.Start(partitions: 4))
        {
            first.Output(Sums(first, [pairs]));
            await first.RunAsync();
        }

        await using StreamScenario second = folder.Start(afterTick: 1, partitions, configure: options => options with { KeySalt = salt });
        RecordedOutput<(TKey Key, long Value)> found = second.Output(Sums(second, [pairs]));
        await second.RunAsync();
        Assert.Equal(pairs.Select(pair => pair.Value * 2), found.Batches.Single()!.Select(pair => pair.Value).Order());
    }

    private static DStream<(TKey Key, long Value)> Sums<TKey>(StreamScenario scenario, (TKey Key, long Value)[][] batches) =>
        scenario.Input<(TKey Key, long Value)>(batches)
            .UpdateStateByKey((ReadOnlySpan<long> values, Optional<long> state) => state.GetValueOrDefault() + values.ToArray().Sum())
                .Named("sums");
}
