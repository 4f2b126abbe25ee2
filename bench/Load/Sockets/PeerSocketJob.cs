using System.Net.Sockets;
using System.Text;

namespace FastStream.Bench.Load;

/// <summary>Runs a peer behind a socket: lines as strings from a reader, a batch after so many lines as one of files would have.</summary>
internal sealed class PeerSocketJob : Job
{
    private const int BufferBytes = 64 * 1024;

    private readonly Peer _peer;
    private readonly LoopbackSender _sender;
    private readonly StreamReader _reader;
    private readonly long _recordCount;
    private readonly int _batchCount;

    public PeerSocketJob(string name, int threads, Workload workload, Dataset dataset, Peer peer)
        : base(name, threads + 1, workload)
    {
        _peer = peer;
        _recordCount = dataset.RecordCount;
        _batchCount = dataset.BatchCount;
        _sender = new LoopbackSender(dataset.Bytes);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        socket.Connect(_sender.EndPoint);
        _reader = new StreamReader(new NetworkStream(socket, ownsSocket: true), Encoding.UTF8,
            detectEncodingFromByteOrderMarks: false, BufferBytes);
    }

    public override Checksum RunOnce()
    {
        Thread sending = _sender.Send();
        Checksum run = _peer(Enumerable.Range(0, _batchCount).Select(Lines)).Aggregate(default(Checksum), SocketChecksum.Add);
        sending.Join();
        return run;
    }

    public override void Dispose()
    {
        _reader.Dispose();
        _sender.Dispose();
        base.Dispose();
    }

    private IEnumerable<string> Lines(int batch)
    {
        long first = _recordCount * batch / _batchCount;
        long end = _recordCount * (batch + 1) / _batchCount;
        for (long i = first; i < end; i++)
        {
            yield return _reader.ReadLine() ?? throw new EndOfStreamException($"The sender closed after {i} of {_recordCount} lines.");
        }
    }
}
