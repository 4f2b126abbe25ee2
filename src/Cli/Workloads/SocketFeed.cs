using System.Net;
using System.Net.Sockets;

namespace FastStream.Cli;

/// <summary>A real server on loopback that writes due lines to the client that connects.</summary>
internal sealed class SocketFeed : Feed
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource<DateTimeOffset> _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SentLines _sent;
    private readonly Task _sending;

    public SocketFeed(byte[][] lines, int recordsPerSecond)
        : base(lines, recordsPerSecond)
    {
        _sent = new SentLines(lines);
        _listener.Start();
        _sending = SendAsync();
    }

    public override DStream<Utf8Text> Describe(StreamingContext context) =>
        context.SocketTextStream("127.0.0.1", ((IPEndPoint)_listener.LocalEndpoint).Port);

    public override DateTimeOffset Start(StreamingContext context) => _begun.Task.GetAwaiter().GetResult();

    public override async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _sending;
        _stop.Dispose();
        _listener.Dispose();
    }

    private async Task SendAsync()
    {
        try
        {
            using Socket peer = await _listener.AcceptSocketAsync(_stop.Token);
            peer.NoDelay = true;
            TimeProvider clock = TimeProvider.System;
            long start = clock.GetTimestamp();
            _begun.SetResult(clock.GetUtcNow());
            for (long sent = 0; ;)
            {
                long due = (long)(clock.GetElapsedTime(start).TotalSeconds * RecordsPerSecond);
                while (sent < due)
                {
                    ReadOnlyMemory<byte> piece = _sent.From(sent, due - sent, out int count);
                    while (piece.Length > 0)
                    {
                        piece = piece[await peer.SendAsync(piece, _stop.Token)..];
                    }

                    sent += count;
                }

                await Task.Delay(1, _stop.Token);
            }
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            _begun.TrySetCanceled();   // stopped, or the reader is gone
        }
    }
}
