namespace FastStream.Tests.Core.Memory;

public sealed class BlockPoolTests
{
    [Fact]
    public async Task Rent_AtTheBound_WaitsForARelease()
    {
        var pool = new BlockPool(4096, 2);
        Block one = pool.Rent();
        Block two = await pool.RentAsync();
        Assert.Equal(2, pool.RentedBlocks);
        Assert.False(pool.TryRent(out _));
        ValueTask<Block> third = pool.RentAsync();
        Assert.False(third.IsCompleted);
        one.Release();
        Assert.Same(one, await third);
        one.Release();
        two.Release();
        Assert.Equal(0, pool.RentedBlocks);
    }

    [Fact]
    public async Task Rent_Cancelled_TakesNothing()
    {
        var pool = new BlockPool(4096, 1);
        Block block = pool.Rent();
        using var cancellation = new CancellationTokenSource();
        ValueTask<Block> waiting = pool.RentAsync(cancellation.Token);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await waiting);
        block.Release();
        Assert.True(pool.TryRent(out Block? again));
        again.Release();
    }

    [Fact]
    public void Release_OfTheLastHolder_BringsTheBlockBack()
    {
        var pool = new BlockPool(4096, 1);
        Block block = pool.Rent();
        block.Retain();
        block.Release();
        Assert.Equal(1, pool.RentedBlocks);
        block.Release();
        Assert.Equal(0, pool.RentedBlocks);
        Assert.Contains("more often", Assert.Throws<InvalidOperationException>(block.Release).Message);
    }

    [Fact]
    public void Retain_WithoutHolding_IsRefused()
    {
        var pool = new BlockPool(4096, 1);
        Block block = pool.Rent();
        block.Release();
        Assert.Contains("did not hold", Assert.Throws<InvalidOperationException>(block.Retain).Message);
    }

    [Fact]
    public void Poison_ReturnedBlock_ShowsInTextsKeptTooLong()
    {
        var pool = new BlockPool(4096, 1, poison: true);
        Block block = pool.Rent();
        "a text longer than fifteen bytes"u8.CopyTo(block.Span);
        Utf8Text text = new RecordBytes(block, 0, 32).Text(0, 32);
        Assert.Equal("a text longer than fifteen bytes", text.ToString());
        block.Release();
        Assert.All(text.ToArray(), found => Assert.Equal(BlockPool.PoisonByte, found));
    }

    [Fact]
    public void Block_OffersItsLengthAndPaddingBehind()
    {
        Block block = new BlockPool(5000, 1).Rent();
        Assert.Equal(5000, block.Length);
        Assert.Equal(5000, block.Span.Length);
        Assert.Equal(5000, block.Memory.Length);
        block.Release();
    }

    [Theory]
    [InlineData(4095, 1)]
    [InlineData(4096, 0)]
    public void Pool_OutOfRange_IsRefused(int sizeBytes, int blocks) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new BlockPool(sizeBytes, blocks));

    [Fact]
    public void Rent_ManySizesInTurn_HoldsNoMoreThanTheBound()
    {
        var pool = new BlockPool(4096, 256);
        for (int round = 0; round < 3; round++)
        {
            foreach (int length in new[] { 4096, 8192, 65536, 12288, 262144 })
            {
                var rented = new List<Block>();
                while (pool.TryRent(length, out Block? block))
                {
                    rented.Add(block);
                }

                Assert.Equal((1 << 20) / length, rented.Count);
                Assert.InRange(pool.HeldBytes, pool.RentedBytes, 1 << 20);
                rented.ForEach(block => block.Release());
                Assert.Equal(0, pool.RentedBytes);
            }
        }
    }

    [Fact]
    public async Task Rent_LargeBlockWaits_IsNotPassedByShortOnes()
    {
        var pool = new BlockPool(4096, 4);
        Block[] rented = [pool.Rent(), pool.Rent(), pool.Rent()];
        ValueTask<Block> large = pool.RentAsync(2 * 4096, CancellationToken.None);
        Assert.False(pool.TryRent(out _));
        rented[0].Release();
        Block got = await large;
        Assert.Equal(2 * 4096, got.Length);
        Assert.True(pool.IsFull);
        got.Release();
        rented[1].Release();
        rented[2].Release();
        Assert.Equal(0, pool.RentedBlocks);
    }

    [Fact]
    public void Idle_AfterAWhile_GivesBackWhatWasFreeAllTheTime()
    {
        var clock = new ManualTimeProvider();
        BlockPool pool = BlockPool.For(new StreamingOptions { TimeProvider = clock });
        List<Block> rented = [.. Enumerable.Range(0, 10).Select(_ => pool.Rent())];
        byte[] bytes = [.. Enumerable.Repeat((byte)7, pool.BlockSizeBytes)];
        rented.ForEach(block => bytes.CopyTo(block.Span));
        Block kept = rented[0];
        rented[1..].ForEach(block => block.Release());
        Assert.Equal(10L * pool.BlockSizeBytes, pool.HeldBytes);

        // Three are in use again and again, also just before each look.
        for (int i = 0; i < 10; i++)
        {
            List<Block> used = [pool.Rent(), pool.Rent(), pool.Rent()];
            clock.Advance(TimeSpan.FromSeconds(20));
            used.ForEach(block => block.Release());
        }

        Assert.Equal(4L * pool.BlockSizeBytes, pool.HeldBytes);
        clock.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(pool.BlockSizeBytes, pool.HeldBytes);
        Assert.Equal(bytes, kept.Span.ToArray());
        kept.Release();
        clock.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(0, pool.HeldBytes);
        Block again = pool.Rent();
        bytes.CopyTo(again.Span);
        Assert.Equal(bytes, again.Span.ToArray());
        again.Release();
    }

    [Theory]
    [InlineData(256L << 20, 1 << 20)]
    [InlineData(64L << 20, 1 << 20)]
    [InlineData(1L << 20, 100)]
    public void For_Options_LeavesRoomForOneRecordWithinMaxBufferedBytes(long maxBufferedBytes, int maxRecordBytes)
    {
        BlockPool pool = BlockPool.For(new StreamingOptions
        {
            MaxBufferedBytes = maxBufferedBytes, MaxRecordBytes = maxRecordBytes, BlockSizeBytes = 64 << 10,
        });
        long bound = (long)pool.MaxBlocks * pool.BlockSizeBytes;
        Assert.InRange(bound + (2L * RemainderMemory.LargestBytes(maxRecordBytes)), maxBufferedBytes * 3 / 4, maxBufferedBytes);
    }
}
