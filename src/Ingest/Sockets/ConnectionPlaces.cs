using System.Net;

namespace FastStream;

/// <summary>
/// Limits how many connections may be open, in total and from one address; reports when a limit is reached, once each
/// time. Safe from any thread.
/// </summary>
/// <remarks>
/// A limit is no longer reached when an eighth of its places is free again, so that connections that come and go at the
/// limit cause one report; and a limit is not reported again within a minute. IPv6 addresses count by their first 64
/// bits, which is the prefix of one network.
/// </remarks>
/// <param name="most">The most connections.</param>
/// <param name="mostPerAddress">The most from one address.</param>
/// <param name="clock">Times the reports.</param>
/// <param name="reached">Called when a limit is reached.</param>
internal sealed class ConnectionPlaces(int most, int mostPerAddress, TimeProvider clock, Action<string> reached) : IDisposable
{
    private static readonly TimeSpan Quiet = TimeSpan.FromMinutes(1);   // between two reports

    private readonly SemaphoreSlim _free = new(most, most);
    private readonly Lock _lock = new();                         // guards all below
    private readonly Dictionary<IPAddress, Peer> _peers = [];
    private int _taken;                                          // places, including the one for the next connection
    private bool _isFull;                                        // the limit is reached
    private long? _fullTold;                                     // when that was last reported
    private long? _peerTold;                                     // when the limit of an address was last reported

    /// <summary>Connections closed because there were too many from their address.</summary>
    public long Refused { get; private set; }

    /// <summary>Waits for a place for the next connection.</summary>
    public async ValueTask TakeAsync(CancellationToken stop)
    {
        await _free.WaitAsync(stop).ConfigureAwait(false);
        lock (_lock)
        {
            _taken++;
        }
    }

    /// <summary>Returns a place.</summary>
    public void Give()
    {
        lock (_lock)
        {
            _taken--;
            _isFull &= _taken > Left(most);
        }

        _free.Release();
    }

    /// <summary>Adds a connection from an address; false when there are too many from it.</summary>
    public bool Enter(IPAddress address)
    {
        IPAddress network = NetworkOf(address);
        string? message = null;
        bool isIn;
        lock (_lock)
        {
            if (!_peers.TryGetValue(network, out Peer? peer))
            {
                _peers.Add(network, peer = new Peer());
            }

            isIn = peer.Count < mostPerAddress;
            if (isIn)
            {
                peer.Count++;
            }
            else
            {
                Refused++;
                if (!peer.IsFull && MayTell(ref _peerTold))
                {
                    message = $"{peer.Count} connections from {address} are open, as many as MaxConnectionsPerAddress allows; "
                        + "further ones from there are closed.";
                }

                peer.IsFull = true;
            }

            if (isIn && _taken == most && !_isFull)
            {
                _isFull = true;
                if (MayTell(ref _fullTold))
                {
                    message = $"{most} connections are open, as many as there may be; further ones wait until one ends. "
                        + $"Most are from {Busiest()}.";
                }
            }
        }

        if (message is not null)
        {
            reached(message);
        }

        return isIn;
    }

    /// <summary>Removes a connection that has ended; <see cref="Give"/> returns its place.</summary>
    public void Leave(IPAddress address)
    {
        lock (_lock)
        {
            IPAddress network = NetworkOf(address);
            Peer peer = _peers[network];
            peer.IsFull &= --peer.Count > Left(mostPerAddress);
            if (peer.Count == 0)
            {
                _peers.Remove(network);
            }
        }
    }

    public void Dispose() => _free.Dispose();

    // With no more than this many places taken, the limit may be reported again.
    private static int Left(int limit) => Math.Min(limit - 1, limit - (limit / 8));

    private static IPAddress NetworkOf(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
        {
            return address.MapToIPv4();
        }

        if (address.AddressFamily != System.Net.Sockets.AddressFamily.InterNetworkV6)
        {
            return address;
        }

        byte[] bytes = address.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return new IPAddress(bytes);
    }

    private bool MayTell(ref long? last)
    {
        long now = clock.GetTimestamp();
        bool may = last is null || clock.GetElapsedTime(last.Value, now) >= Quiet;
        last = may ? now : last;
        return may;
    }

    private string Busiest()
    {
        KeyValuePair<IPAddress, Peer> busiest = _peers.MaxBy(peer => peer.Value.Count);
        return $"{busiest.Key}: {busiest.Value.Count}";
    }

    private sealed class Peer
    {
        public int Count { get; set; }

        public bool IsFull { get; set; }
    }
}
