using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;
using System.Threading.Tasks.Dataflow;

namespace FastStream.Tests;

/// <summary>Gives records to an input of some kind, run by run.</summary>
internal sealed class JournalPeer(string kind) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly TcpListener _server = new(IPAddress.Loopback, 0);
    private Channel<string> _channel = Channel.CreateUnbounded<string>();
    private ITargetBlock<string>? _mailbox;
    private Subject _subject = new();
    private PushReceiver _receiver = new();
    private ListenDStream<Utf8Text>? _listen;
    private TcpClient? _client;

    public DStream<string> Describe(StreamingContext context)
    {
        switch (kind)
        {
            case "channel":
                return context.ChannelStream(_channel.Reader);
            case "mailbox":
                return context.DataflowStream(out _mailbox);
            case "observable":
                return context.ObservableStream(_subject);
            case "receiver":
                return context.ReceiverStream(_receiver);
            case "listen":
                _listen = context.ListenTextStream(new IPEndPoint(IPAddress.Loopback, 0));
                return _listen.Map(line => line.ToString());
            default:
                _server.Start();
                return context.SocketTextStream("127.0.0.1", ((IPEndPoint)_server.LocalEndpoint).Port).Map(line => line.ToString());
        }
    }

    public async Task GiveAsync(string record)
    {
        switch (kind)
        {
            case "channel":
                await _channel.Writer.WriteAsync(record);
                break;
            case "mailbox":
                Assert.True(await _mailbox!.SendAsync(record));
                break;
            case "observable":
                await _subject.PushAsync(record);
                break;
            case "receiver":
                await _receiver.PushAsync(record);
                break;
            default:
                if (_client is null)
                {
                    _client = kind == "socket" ? await _server.AcceptTcpClientAsync() : new TcpClient();
                    if (kind == "listen")
                    {
                        await _client.ConnectAsync(_listen!.LocalEndPoint);
                    }
                }

                await _client.GetStream().WriteAsync(Encoding.UTF8.GetBytes(record + "\n"));
                break;
        }
    }

    /// <summary>A new source for a new context.</summary>
    public void Renew()
    {
        _client?.Dispose();
        _client = null;
        _channel = Channel.CreateUnbounded<string>();
        _subject = new Subject();
        _receiver = new PushReceiver();
    }

    public void Dispose()
    {
        _client?.Dispose();
        _server.Dispose();
    }

    private sealed class Subject : IObservable<string>, IDisposable
    {
        private readonly TaskCompletionSource<IObserver<string>> _observer = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public IDisposable Subscribe(IObserver<string> observer)
        {
            _observer.TrySetResult(observer);
            return this;
        }

        public async Task PushAsync(string record) => (await _observer.Task.WaitAsync(Patience)).OnNext(record);

        public void Dispose()
        {
        }
    }

    private sealed class PushReceiver : Receiver<string>
    {
        public Task PushAsync(string record) => StoreAsync(record).AsTask().WaitAsync(Patience);

        protected override Task RunAsync(CancellationToken stop) => new TaskCompletionSource().Task.WaitAsync(stop);
    }
}
