using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using System.Threading.Tasks.Dataflow;

namespace FastStream.Tests;

public class ChannelStreamContract : InputContract
{
    protected override ISourceFeed<string> CreateFeed() => new Source();

    private sealed class Source : ISourceFeed<string>
    {
        private readonly Channel<string> _channel = Channel.CreateUnbounded<string>();

        public DStream<string> Describe(StreamingContext context) => context.ChannelStream(_channel.Reader);

        public Task GiveAsync(string record) => _channel.Writer.WriteAsync(record).AsTask();

        public ValueTask DisposeAsync() => default;
    }
}

public class MailboxContract : InputContract
{
    protected override ISourceFeed<string> CreateFeed() => new Source();

    private sealed class Source : ISourceFeed<string>
    {
        private ITargetBlock<string>? _mailbox;

        public DStream<string> Describe(StreamingContext context) => context.DataflowStream(out _mailbox);

        public async Task GiveAsync(string record) => Assert.True(await _mailbox!.SendAsync(record));

        public ValueTask DisposeAsync() => default;
    }
}

public class DataflowStreamContract : InputContract
{
    protected override int Slack => 16;

    protected override ISourceFeed<string> CreateFeed() => new Source();

    private sealed class Source : ISourceFeed<string>
    {
        private readonly BufferBlock<string> _block = new(new DataflowBlockOptions { BoundedCapacity = 16 });

        private readonly SemaphoreSlim _accepted = new(0);   // messages that the input has taken

        public DStream<string> Describe(StreamingContext context) => context.DataflowStream(new Signalling(_block, _accepted));

        public async Task GiveAsync(string record)
        {
            await _block.SendAsync(record);
            await _accepted.WaitAsync();
        }

        public ValueTask DisposeAsync()
        {
            _accepted.Dispose();
            return default;
        }
    }

    /// <summary>Tells when its target has taken a message.</summary>
    private sealed class Signalling(BufferBlock<string> inner, SemaphoreSlim accepted) : ISourceBlock<string>
    {
        public Task Completion => inner.Completion;

        public void Complete() => inner.Complete();

        public void Fault(Exception exception) => ((IDataflowBlock)inner).Fault(exception);

        public IDisposable LinkTo(ITargetBlock<string> target, DataflowLinkOptions linkOptions) =>
            inner.LinkTo(new Target(target, accepted), linkOptions);

        public string? ConsumeMessage(DataflowMessageHeader messageHeader, ITargetBlock<string> target, out bool messageConsumed) =>
            throw new NotSupportedException();

        public void ReleaseReservation(DataflowMessageHeader messageHeader, ITargetBlock<string> target) =>
            throw new NotSupportedException();

        public bool ReserveMessage(DataflowMessageHeader messageHeader, ITargetBlock<string> target) => throw new NotSupportedException();
    }

    private sealed class Target(ITargetBlock<string> inner, SemaphoreSlim accepted) : ITargetBlock<string>
    {
        public Task Completion => inner.Completion;

        public void Complete() => inner.Complete();

        public void Fault(Exception exception) => inner.Fault(exception);

        public DataflowMessageStatus OfferMessage(DataflowMessageHeader messageHeader, string messageValue,
            ISourceBlock<string>? source, bool consumeToAccept)
        {
            var relay = new Relay(source!, this, accepted);
            DataflowMessageStatus status = inner.OfferMessage(messageHeader, messageValue, relay, consumeToAccept);
            if (status == DataflowMessageStatus.Accepted)
            {
                accepted.Release();
            }

            return status;
        }
    }

    private sealed class Relay(ISourceBlock<string> inner, ITargetBlock<string> asTarget, SemaphoreSlim accepted) : ISourceBlock<string>
    {
        public Task Completion => inner.Completion;

        public void Complete() => inner.Complete();

        public void Fault(Exception exception) => inner.Fault(exception);

        public IDisposable LinkTo(ITargetBlock<string> target, DataflowLinkOptions linkOptions) => inner.LinkTo(target, linkOptions);

        public string? ConsumeMessage(DataflowMessageHeader messageHeader, ITargetBlock<string> target, out bool messageConsumed)
        {
            string? message = inner.ConsumeMessage(messageHeader, asTarget, out messageConsumed);
            if (messageConsumed)
            {
                accepted.Release();
            }

            return message;
        }

        public void ReleaseReservation(DataflowMessageHeader messageHeader, ITargetBlock<string> target) =>
            inner.ReleaseReservation(messageHeader, asTarget);

        public bool ReserveMessage(DataflowMessageHeader messageHeader, ITargetBlock<string> target) =>
            inner.ReserveMessage(messageHeader, asTarget);
    }
}

public class AsyncEnumerableStreamContract : InputContract
{
    protected override ISourceFeed<string> CreateFeed() => new Source();

    private sealed class Source : ISourceFeed<string>
    {
        private readonly Channel<string> _channel = Channel.CreateBounded<string>(1);
        private readonly SemaphoreSlim _taken = new(0);

        public DStream<string> Describe(StreamingContext context) => context.AsyncEnumerableStream(ReadAsync());

        public async Task GiveAsync(string record)
        {
            await _channel.Writer.WriteAsync(record);
            await _taken.WaitAsync();
        }

        public ValueTask DisposeAsync()
        {
            _taken.Dispose();
            return default;
        }

        private async IAsyncEnumerable<string> ReadAsync(
            [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation = default)
        {
            await foreach (string record in _channel.Reader.ReadAllAsync(cancellation))
            {
                yield return record;

                // Asked for the next one: the record is stored.
                _taken.Release();
            }
        }
    }
}

public class ObservableStreamContract : InputContract
{
    protected override ISourceFeed<string> CreateFeed() => new Source();

    private sealed class Source : ISourceFeed<string>, IObservable<string>, IDisposable
    {
        private readonly TaskCompletionSource<IObserver<string>> _observer = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public DStream<string> Describe(StreamingContext context) => context.ObservableStream(this);

        public async Task GiveAsync(string record) => (await _observer.Task).OnNext(record);

        public IDisposable Subscribe(IObserver<string> observer)
        {
            _observer.SetResult(observer);
            return this;
        }

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => default;
    }
}

public class ReceiverStreamContract : InputContract
{
    protected override ISourceFeed<string> CreateFeed() => new Source();

    private sealed class Source : Receiver<string>, ISourceFeed<string>
    {
        public DStream<string> Describe(StreamingContext context) => context.ReceiverStream(this);

        public Task GiveAsync(string record) => StoreAsync(record).AsTask();

        public ValueTask DisposeAsync() => default;

        protected override Task RunAsync(CancellationToken stop) => new TaskCompletionSource().Task.WaitAsync(stop);
    }
}

public class QueueStreamContract : InputContract
{
    // The queue is the user's, and so is its bound.
    protected override int Slack => -1;

    protected override ISourceFeed<string> CreateFeed() => new Source();

    private sealed class Source : ISourceFeed<string>
    {
        private readonly ConcurrentQueue<IReadOnlyList<string>> _queue = new();

        public DStream<string> Describe(StreamingContext context) => context.QueueStream(_queue, oneAtATime: false);

        public Task GiveAsync(string record)
        {
            _queue.Enqueue([record]);
            return Task.CompletedTask;
        }

        public ValueTask DisposeAsync() => default;
    }
}

public class SocketTextStreamContract : InputContract
{
    // Bounded in bytes: SocketTextStreamTests.
    protected override int Slack => -1;

    protected override bool StopTakesEverythingGiven => false;

    protected override ISourceFeed<string> CreateFeed() => new Source();

    private sealed class Source : ISourceFeed<string>
    {
        private readonly Peer _peer = new();
        private Connection? _connection;

        public DStream<string> Describe(StreamingContext context) =>
            context.SocketTextStream("127.0.0.1", _peer.Port, new SocketSourceOptions { ConnectTimeout = Timeout.InfiniteTimeSpan })
                .Map(line => line.ToString());

        public async Task GiveAsync(string record)
        {
            _connection ??= await _peer.AcceptAsync();
            await _connection.SendAsync(record + "\n");
        }

        public ValueTask DisposeAsync()
        {
            _connection?.Dispose();
            _peer.Dispose();
            return default;
        }
    }
}

public class ListenTextStreamContract : InputContract
{
    protected override int Slack => -1;

    protected override bool StopTakesEverythingGiven => false;

    protected override ISourceFeed<string> CreateFeed() => new Source();

    private sealed class Source : ISourceFeed<string>
    {
        private ListenDStream<Utf8Text>? _stream;
        private Connection? _connection;

        public DStream<string> Describe(StreamingContext context) =>
            (_stream = context.ListenTextStream(new IPEndPoint(IPAddress.Loopback, 0))).Map(line => line.ToString());

        public async Task GiveAsync(string record)
        {
            if (_connection is null)
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                await socket.ConnectAsync(_stream!.LocalEndPoint);
                _connection = new Connection(socket);
            }

            await _connection.SendAsync(record + "\n");
        }

        public ValueTask DisposeAsync()
        {
            _connection?.Dispose();
            return default;
        }
    }
}

public class TextFileStreamContract : InputContract
{
    // Bounded in bytes: FileStreamTests.
    protected override int Slack => -1;

    protected override ISourceFeed<string> CreateFeed() => new Source();

    private sealed class Source : ISourceFeed<string>
    {
        private readonly string _directory = Directory.CreateTempSubdirectory("faststream-contract-").FullName;
        private int _files;

        public DStream<string> Describe(StreamingContext context) =>
            context.TextFileStream(_directory, new FileSourceOptions { Detection = FileDetection.Arrival }).Map(line => line.ToString());

        public Task GiveAsync(string record)
        {
            // Ordered by modification time, whose steps may be coarser than this loop's: the time is set.
            int number = _files++;
            string hidden = Path.Combine(_directory, ".next");
            File.WriteAllText(hidden, record);
            File.SetLastWriteTimeUtc(hidden, DateTime.UnixEpoch.AddSeconds(number));
            File.Move(hidden, Path.Combine(_directory, $"{number:00000}"));
            return Task.CompletedTask;
        }

        public ValueTask DisposeAsync()
        {
            Directory.Delete(_directory, recursive: true);
            return default;
        }
    }
}
