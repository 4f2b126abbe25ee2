using System.Buffers;
using System.Net;
using System.Text.Json.Serialization;
using System.Threading.Tasks.Dataflow;
using FastStream.Runtime;
using FastStream.Testing;
using Microsoft.AspNetCore.Builder;

namespace FastStream.Tests.House.Examples;

/// <summary>The streams, records and functions that examples of the documentation speak of. It is compiled and never run.</summary>
public abstract class Vocabulary
{
    protected static readonly StreamingContext context = null!;
    protected static readonly DStream<Utf8Text> lines = null!;
    protected static readonly DStream<Utf8Text> messages = null!;
    protected static readonly DStream<Utf8Text> fewBigFiles = null!;
    protected static readonly DStream<string> words = null!;
    protected static readonly DStream<string> stream = null!;
    protected static readonly DStream<int> numbers = null!;
    protected static readonly DStream<(int Key, double Value)> pairs = null!;
    protected static readonly DStream<(int Key, string Value)> titled = null!;
    protected static readonly DStream<(string Key, double Value)> ordered = null!;
    protected static readonly DStream<(string Key, double Value)> paid = null!;
    protected static readonly DStream<(string Key, long Value)> counts = null!;
    protected static readonly DStream<(string Key, long Value)> sizeByUser = null!;
    protected static readonly DStream<(Utf8Text Key, long Value)> count = null!;
    protected static readonly DStream<(Utf8Text Key, long Value)> bytes = null!;
    protected static readonly DStream<Order> orders = null!;
    protected static readonly DStream<Request> requests = null!;
    protected static readonly DStream<Request> web = null!;
    protected static readonly DStream<Request> mobile = null!;
    protected static readonly DStream<Request> partners = null!;
    protected static readonly DStream<Visit> events = null!;
    protected static readonly DStream<Visit> visits = null!;
    protected static readonly DStream<Visit> blocked = null!;
    protected static readonly IReadOnlyList<DStream<int>> shards = null!;
    protected static readonly IReadOnlyList<int> ports = null!;
    protected static readonly ISourceBlock<Order> parseBlock = null!;
    protected static readonly IPEndPoint endPoint = null!;
    protected static readonly Remote client = null!;
    protected static readonly Remote exchange = null!;
    protected static readonly Remote store = null!;
    protected static readonly Table table = null!;
    protected static readonly Counter shipped = null!;
    protected static readonly Order order = null!;
    protected static readonly KafkaSourceOptions source = null!;
    protected static readonly KafkaSinkOptions sink = null!;
    protected static readonly BatchTime now;
    protected static readonly TimeSpan length = TimeSpan.FromSeconds(30);
    protected static readonly TimeSpan slide = TimeSpan.FromSeconds(10);
    protected static readonly string host = "";
    protected static readonly string[] args = [];
    protected static readonly CancellationToken stopping;
    protected static readonly IBufferWriter<byte> output = null!;
    protected static readonly string file = "";
    protected static readonly long offset;
    protected static readonly byte[] saved = [];
    protected static readonly WebApplicationBuilder builder = null!;
    protected static readonly WebApplication app = null!;

    protected sealed class OrdersPipeline : IStreamJob
    {
        public void Describe(StreamingContext context) => ArgumentNullException.ThrowIfNull(context);
    }

    protected static bool IsError(Utf8Text line) => line.IsEmpty;

    protected static Request Parse(Utf8Text line) => new("", line, line, 0, 0);

    protected static double Median(ReadOnlySpan<double> values) => values[0];

    protected static long Sum(ReadOnlySpan<long> values) => values[0];

    protected static Visit Latest(Visit left, Visit right) => left ?? right;

    protected static ISet<string> LoadUsers() => new HashSet<string>();

    protected static void Ship(Order order) => ArgumentNullException.ThrowIfNull(order);

    public abstract class ReadingsInput(StreamingContext context) : InputDStream<int>(context, "Readings")
    {
        protected int[] _readings { get; } = [];
    }
}

public sealed record Order(string Id, double Amount);

public sealed record Request(string Path, Utf8Text Host, Utf8Text Ip, double Milliseconds, long Bytes);

public sealed record Visit(string User);

public sealed record Tick(double Price);

public readonly record struct Reading(long Sensor, long Value);

public sealed record Trade
{
    public static Trade Parse(ReadOnlySpan<byte> bytes) => bytes.IsEmpty ? throw new FormatException() : new Trade();
}

public abstract class TradeSerializer : IRecordSerializer<Trade>
{
    public string Schema => "trade";

    public static TradeSerializer Make() => null!;

    public abstract void Write(in Trade record, IBufferWriter<byte> output);

    public abstract Trade Read(ref ReadOnlySpan<byte> bytes);
}

public abstract class QueueFeed : ISourceFeed<string>
{
    public static QueueFeed Make() => null!;

    public abstract DStream<string> Describe(StreamingContext context);

    public abstract Task GiveAsync(string record);

    public abstract ValueTask DisposeAsync();
}

public abstract class Remote
{
    public abstract IAsyncEnumerable<Order> ReadAllAsync();

    public abstract IAsyncEnumerable<Tick> SubscribeAsync(CancellationToken stop);

    public abstract Task SaveAsync(long time, (string Key, long Value)[] counts, CancellationToken cancellation);
}

public sealed class OrderSource : FastStream.Runtime.Source<Order>
{
    protected override InputBatch<Order> Cut(BatchTime time) => RecordInputBatch.Empty<Order>();
}

public abstract class Table
{
    public abstract Task<bool> HasAsync(long time, CancellationToken cancellation);

    public abstract Task InsertAsync(long time, (string Key, long Value)[] rows, CancellationToken cancellation);
}

public sealed class Database
{
    private readonly List<Order> _orders = [];

    public void Add(IEnumerable<Order> orders) => _orders.AddRange(orders);

    public IReadOnlyList<Order> AllOrders() => _orders;
}

public sealed class OrderTable(Database? database = null) : Sink<Order>
{
    protected override ValueTask WriteAsync(Batch<Order> batch, CancellationToken cancellationToken)
    {
        database?.Add(batch);
        return ValueTask.CompletedTask;
    }
}

public sealed class ByShop : IPartitioner<Order>
{
    public void Targets(ReadOnlySpan<Order> items, Span<int> targets, int partitions, in KeySalt salt) => targets.Clear();
}

public sealed class Counter
{
    public int Value { get; private set; }

    public void Increment() => Value++;
}

public sealed class MqttReceiver(string broker, string topic) : Receiver<string>
{
    protected override async Task RunAsync(CancellationToken stop) => await StoreAsync(broker + topic, stop);
}

[JsonSerializable(typeof(Order))]
public sealed partial class OrdersJson : JsonSerializerContext;
