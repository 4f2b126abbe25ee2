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
}
