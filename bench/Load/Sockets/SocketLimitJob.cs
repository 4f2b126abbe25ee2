using System.Net.Sockets;

namespace FastStream.Bench.Load;

/// <summary>A limit behind a receive loop: one buffer, the cut line carried to its front, a batch every few megabytes.</summary>
internal sealed unsafe class SocketLimitJob : Job
{
    private const int BufferBytes = 256 * 1024;
    private const int BatchBytes = 3_355_443;

    private readonly LoopbackSender _sender;
    private readonly Limit _limit;
    private readonly NativeBuffer _buffer = new(BufferBytes);
    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp);
    private readonly long _totalBytes;

    public SocketLimitJob(string name, Workload workload, Dataset dataset, Limit limit)
        : base(name, threads: 2, workload)
    {
        _limit = limit;
        _totalBytes = dataset.Bytes.Length;
        _sender = new LoopbackSender(dataset.Bytes);
        _socket.Connect(_sender.EndPoint);
    }

    public override Checksum RunOnce()
    {
        Thread sending = _sender.Send();
        var buffer = new Span<byte>(_buffer.Pointer, BufferBytes);
        Checksum run = default;
        int carried = 0;
        int inBatch = 0;
        for (long left = _totalBytes; left > 0;)
        {
            int received = _socket.Receive(buffer[carried..]);
            left -= received;
            int filled = carried + received;
            int whole = buffer[..filled].LastIndexOf((byte)'\n') + 1;
            _limit.Process(_buffer.Pointer, _buffer.Pointer + whole);
            carried = filled - whole;
            buffer[whole..filled].CopyTo(buffer);
            inBatch += whole;
            if (inBatch >= BatchBytes || left == 0)
            {
                run = SocketChecksum.Add(run, _limit.EndBatch());
                inBatch = 0;
            }
        }

        sending.Join();
        return run;
    }

    public override void Dispose()
    {
        _socket.Dispose();
        _sender.Dispose();
        _limit.Dispose();
        _buffer.Dispose();
        base.Dispose();
    }
}
