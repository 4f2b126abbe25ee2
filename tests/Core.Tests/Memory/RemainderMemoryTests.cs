namespace FastStream.Tests.Core.Memory;

public sealed class RemainderMemoryTests
{
    private const int Piece = 64 << 10;

    private readonly ManualTimeProvider _clock = new();
    private readonly BlockPool _pool;

    public RemainderMemoryTests() => _pool = BlockPool.For(
        new StreamingOptions { BlockSizeBytes = Piece, MaxBufferedBytes = 8 * Piece, TimeProvider = _clock });

    private async Task<Block> RentAsync(Holder holder, int length = Piece) =>
        (await _pool.Carries.RentAsync(holder, length, CancellationToken.None))!;

    [Fact]
    public async Task Rent_BeyondHalfOfThePool_LetsOneAheadAndTheOthersAfterIt()
    {
        Holder[] holders = [.. Enumerable.Range(0, 7).Select(_ => new Holder())];
        var blocks = new Block[7];
        for (int i = 0; i < 5; i++)
        {
            blocks[i] = await RentAsync(holders[i]);   // four in the half, and one ahead
        }

        ValueTask<Block?> sixth = _pool.Carries.RentAsync(holders[5], Piece, CancellationToken.None);
        ValueTask<Block?> seventh = _pool.Carries.RentAsync(holders[6], 2 * Piece, CancellationToken.None);
        Assert.False(sixth.IsCompleted);

        // The one ahead goes on, whatever the others wait for.
        Block larger = await RentAsync(holders[4], 3 * Piece);
        Assert.False(sixth.IsCompleted);
        _pool.Carries.Return(holders[4], blocks[4]);
        larger.Retain();                                 // as a batch does that it is published to
        Block[] full = [_pool.Rent(), _pool.Rent(), _pool.Rent(), _pool.Rent()];
        _pool.Carries.Return(holders[4], larger);
        Assert.False(sixth.IsCompleted);                 // only one record more than the bound at a time
        larger.Release();
        Block six = (await sixth)!;
        Array.ForEach(full, block => block.Release());
        Assert.False(seventh.IsCompleted);
        _pool.Carries.Return(holders[0], blocks[0]);
        Assert.False(seventh.IsCompleted);
        _pool.Carries.Return(holders[1], blocks[1]);
        Block seven = (await seventh)!;
        _pool.Carries.Return(holders[6], seven);
        _pool.Carries.Return(holders[5], six);
        _pool.Carries.Return(holders[2], blocks[2]);
        _pool.Carries.Return(holders[3], blocks[3]);
        Assert.Equal(0, _pool.RentedBytes);
    }

    [Fact]
    public async Task Return_PublishedRecordThatWasAhead_CountsInThePoolWhereThereIsRoom()
    {
        var first = new Holder();
        var second = new Holder();
        var third = new Holder();
        Block half = await RentAsync(first, 4 * Piece);
        Block ahead = await RentAsync(second);
        ValueTask<Block?> next = _pool.Carries.RentAsync(third, Piece, CancellationToken.None);
        ahead.Retain();
        _pool.Carries.Return(second, ahead);
        Block following = (await next)!;                 // the batch holds on, and the next record is ahead
        Assert.Equal(Piece, _pool.AheadBytes);
        ahead.Release();
        _pool.Carries.Return(third, following);
        _pool.Carries.Return(first, half);
        Assert.Equal(0, _pool.RentedBytes);
        Assert.Equal(0, _pool.AheadBytes);
    }

    [Fact]
    public async Task Rent_NothingComesOn_RefusesTheLongest()
    {
        Holder[] holders = [.. Enumerable.Range(0, 4).Select(_ => new Holder())];
        Block one = await RentAsync(holders[0]);
        Block longest = await RentAsync(holders[1], 3 * Piece);
        Block ahead = await RentAsync(holders[2]);
        ValueTask<Block?> waiting = _pool.Carries.RentAsync(holders[3], Piece, CancellationToken.None);
        _clock.Advance(TimeSpan.FromSeconds(9));
        Assert.Equal(0, holders.Sum(holder => holder.Refusals));

        // What comes on has time.
        holders[2].Add(5000);
        _clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(0, holders.Sum(holder => holder.Refusals));

        // What the receiver itself does not read is not slow.
        holders[2].IsBackpressured = true;
        _clock.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(0, holders.Sum(holder => holder.Refusals));
        holders[2].IsBackpressured = false;
        _clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal([0, 1, 0, 0], holders.Select(holder => holder.Refusals));
        Assert.True(holders[1].IsRefused);
        Assert.False(waiting.IsCompleted);
        _pool.Carries.Return(holders[1], longest);
        _pool.Carries.Return(holders[3], (await waiting)!);
        _pool.Carries.Return(holders[0], one);
        _pool.Carries.Return(holders[2], ahead);
        Assert.Equal(0, _pool.RentedBytes);
    }

    [Fact]
    public async Task Rent_TheLongestWaitsItself_GetsNothing()
    {
        var ahead = new Holder();
        var longest = new Holder();
        Block first = await RentAsync(longest, 4 * Piece);
        Block second = await RentAsync(ahead);
        ValueTask<Block?> waiting = _pool.Carries.RentAsync(longest, 8 * Piece, CancellationToken.None);
        _clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Null(await waiting);
        _pool.Carries.Return(longest, first);
        _pool.Carries.Return(ahead, second);
    }

    [Fact]
    public async Task Rent_WhileBatchesHoldThePool_RefusesNobody()
    {
        Block[] batch = [_pool.Rent(), _pool.Rent(), _pool.Rent(), _pool.Rent(), _pool.Rent(), _pool.Rent(), _pool.Rent(), _pool.Rent()];
        var ahead = new Holder();
        var other = new Holder();
        Block first = await RentAsync(ahead);
        ValueTask<Block?> waiting = _pool.Carries.RentAsync(other, Piece, CancellationToken.None);
        _clock.Advance(TimeSpan.FromMinutes(10));
        Assert.False(waiting.IsCompleted);
        batch[0].Release();
        Block second = (await waiting)!;
        _pool.Carries.Return(ahead, first);
        _pool.Carries.Return(other, second);
        Array.ForEach(batch[1..], block => block.Release());
        Assert.Equal(0, _pool.RentedBytes);
    }

    [Fact]
    public async Task Rent_OwnPiece_NeverWaits()
    {
        Block[] batch = [.. Enumerable.Range(0, 8).Select(_ => _pool.Rent())];
        var ahead = new Holder();
        Block first = await RentAsync(ahead);
        var own = new Holder(hasOwnPiece: true);
        ValueTask<Block?> piece = _pool.Carries.RentAsync(own, RemainderMemory.SmallestBytes, CancellationToken.None);
        Assert.True(piece.IsCompletedSuccessfully);
        _pool.Carries.Return(own, (await piece)!);
        _pool.Carries.Return(ahead, first);
        Array.ForEach(batch, block => block.Release());
        Assert.Equal(0, _pool.RentedBytes);
    }

    [Fact]
    public async Task Rent_Cancelled_LeavesTheOthersTheirTurn()
    {
        var holders = new[] { new Holder(), new Holder(), new Holder(), new Holder() };
        Block half = await RentAsync(holders[0], 4 * Piece);
        Block ahead = await RentAsync(holders[1]);
        using var cancellation = new CancellationTokenSource();
        ValueTask<Block?> cancelled = _pool.Carries.RentAsync(holders[2], 4 * Piece, cancellation.Token);
        ValueTask<Block?> next = _pool.Carries.RentAsync(holders[3], Piece, CancellationToken.None);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await cancelled);
        _pool.Carries.Return(holders[1], ahead);
        _pool.Carries.Return(holders[3], (await next)!);
        _pool.Carries.Return(holders[0], half);
        Assert.Equal(0, _pool.RentedBytes);
    }

    private sealed class Holder(bool hasOwnPiece = false) : RemainderHolder
    {
        public override bool HasOwnPiece { get; } = hasOwnPiece;

        public int Refusals { get; private set; }

        public void Add(int bytes) => Count += bytes;

        internal override void Refuse() => Refusals++;
    }
}
