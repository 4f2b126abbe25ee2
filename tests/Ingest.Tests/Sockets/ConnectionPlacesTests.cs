using System.Net;

namespace FastStream.Tests;

public sealed class ConnectionPlacesTests : IDisposable
{
    private readonly ManualTimeProvider _clock = new();
    private readonly List<string> _told = [];
    private ConnectionPlaces? _places;

    private ConnectionPlaces Places(int most, int mostPerAddress) =>
        _places = new ConnectionPlaces(most, mostPerAddress, _clock, _told.Add);

    public void Dispose() => _places?.Dispose();

    [Fact]
    public async Task Enter_ComingAndGoingAtTheLimit_IsToldOnceAMinute()
    {
        ConnectionPlaces places = Places(1, 10);
        for (int i = 0; i < 100; i++)
        {
            await places.TakeAsync(CancellationToken.None);
            Assert.True(places.Enter(IPAddress.Loopback));
            places.Leave(IPAddress.Loopback);
            places.Give();
        }

        Assert.Single(_told);
        _clock.Advance(TimeSpan.FromMinutes(1));
        await places.TakeAsync(CancellationToken.None);
        Assert.True(places.Enter(IPAddress.Loopback));
        Assert.Equal(2, _told.Count);
    }

    [Fact]
    public async Task Enter_LimitLeftAndReachedAgain_IsToldAgain()
    {
        ConnectionPlaces places = Places(8, 10);
        for (int round = 0; round < 2; round++)
        {
            for (int i = 0; i < 8; i++)
            {
                await places.TakeAsync(CancellationToken.None);
                Assert.True(places.Enter(IPAddress.Loopback));
            }

            Assert.Equal(round + 1, _told.Count);
            for (int i = 0; i < 8; i++)
            {
                places.Leave(IPAddress.Loopback);
                places.Give();
            }

            _clock.Advance(TimeSpan.FromMinutes(2));
        }
    }

    [Theory]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:2:3:4:5:6", false)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:3::1", true)]
    [InlineData("10.0.0.1", "::ffff:10.0.0.1", false)]
    [InlineData("10.0.0.1", "10.0.0.2", true)]
    public async Task Enter_SecondAddress_CountsByItsNetwork(string first, string second, bool isIn)
    {
        ConnectionPlaces places = Places(10, 1);
        await places.TakeAsync(CancellationToken.None);
        Assert.True(places.Enter(IPAddress.Parse(first)));
        await places.TakeAsync(CancellationToken.None);
        Assert.Equal(isIn, places.Enter(IPAddress.Parse(second)));
        Assert.Equal(isIn ? 0 : 1, places.Refused);
        places.Leave(IPAddress.Parse(first));
        Assert.True(places.Enter(IPAddress.Parse(first)));
    }
}
