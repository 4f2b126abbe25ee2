namespace FastStream.Tests.Ingest.Bytes;

public sealed class RemainderBufferTests
{
    private readonly BlockPool _pool = new(4096, 1024);

    [Fact]
    public async Task Append_InPieces_KeepsThemTogether()
    {
        using var carry = new RemainderBuffer(_pool.Carries, 1 << 20, hasOwnPiece: false);
        byte[] expected = [.. Enumerable.Range(0, 100_000).Select(i => (byte)i)];
        foreach (byte[] piece in expected.Chunk(777))
        {
            await carry.AppendAsync(piece, CancellationToken.None);
        }

        Assert.Equal(expected, carry.Memory.ToArray());
        Assert.Equal(carry.Capacity, _pool.RentedBytes);
        carry.Clear();
        Assert.Equal(0, carry.Count);
    }

    [Fact]
    public async Task Clear_HoldsNoMemory_AndCanBeUsedAgain()
    {
        using var carry = new RemainderBuffer(_pool.Carries, 1 << 20, hasOwnPiece: false);
        await carry.AppendAsync(new byte[1 << 20], CancellationToken.None);
        carry.Clear();
        Assert.Equal(0, carry.Capacity);
        Assert.Equal(0, _pool.RentedBytes);
        await carry.AppendAsync(new byte[] { 1, 2 }, CancellationToken.None);
        Assert.Equal([1, 2], carry.Span.ToArray());
    }
}
