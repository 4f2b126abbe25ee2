using System.Net.Sockets;

namespace FastStream;

/// <summary>Settings that connecting and listening sources have in common.</summary>
internal static class ConnectionSettings
{
    private static readonly TimeSpan ShortestKeepAlive = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan LongestKeepAlive = TimeSpan.FromHours(2);

    /// <summary>Throws for the first setting that is out of its range.</summary>
    public static void Check(TimeSpan idleTimeout, TimeSpan keepAlive, OversizedRecordPolicy oversized, InvalidUtf8Policy invalidUtf8)
    {
        OptionCheck.CheckTimeout(idleTimeout, "IdleTimeout");
        OptionCheck.Check((keepAlive >= ShortestKeepAlive && keepAlive <= LongestKeepAlive)
            || keepAlive == Timeout.InfiniteTimeSpan, "KeepAlive", keepAlive,
            "6 seconds to 2 hours are expected, or Timeout.InfiniteTimeSpan");
        OptionCheck.Check(Enum.IsDefined(oversized), "OversizedRecords", oversized, "one of the named policies is expected");
        OptionCheck.Check(Enum.IsDefined(invalidUtf8), "InvalidUtf8", invalidUtf8, "one of the named policies is expected");
    }

    /// <summary>
    /// Makes TCP probe a silent peer: first after half of the time, then three times in the other half.
    /// </summary>
    public static void ApplyKeepAlive(Socket socket, TimeSpan keepAlive)
    {
        if (keepAlive == Timeout.InfiniteTimeSpan)
        {
            return;
        }

        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, (int)(keepAlive.TotalSeconds / 2));
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, (int)(keepAlive.TotalSeconds / 6));
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 3);
    }
}
