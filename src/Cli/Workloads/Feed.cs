namespace FastStream.Cli;

/// <summary>
/// Sends a workload's lines at a steady rate. It sends what is due by the clock, so that a delayed sender does not hide
/// the delay.
/// </summary>
internal abstract class Feed(byte[][] lines, int recordsPerSecond) : IAsyncDisposable
{
    /// <summary>The names on the command line.</summary>
    public static string[] Names { get; } = ["memory", "socket", "file"];

    public int RecordsPerSecond { get; } = recordsPerSecond;

    protected byte[][] Lines { get; } = lines;

    public static Feed Of(string name, byte[][] lines, int recordsPerSecond) => name switch
    {
        "socket" => new SocketFeed(lines, recordsPerSecond),
        "file" => new FileFeed(lines, recordsPerSecond),
        _ => new MemoryFeed(lines, recordsPerSecond),
    };

    /// <summary>Describes the stream of the lines.</summary>
    public abstract DStream<Utf8Text> Describe(StreamingContext context);

    /// <summary>Begins to send to a started context.</summary>
    /// <returns>When the first line was due; line n is due n / rate later.</returns>
    public abstract DateTimeOffset Start(StreamingContext context);

    public abstract ValueTask DisposeAsync();
}

/// <summary>Lines in memory that become due with the batch times: measures the engine without a real source.</summary>
internal sealed class MemoryFeed(byte[][] lines, int recordsPerSecond) : Feed(lines, recordsPerSecond)
{
    public override DStream<Utf8Text> Describe(StreamingContext context)
    {
        Utf8Text[] texts = [.. Lines.Select(line => Utf8Text.Intern(line))];
        return context.RateStream(RecordsPerSecond, index => texts[index % texts.Length]);
    }

    public override DateTimeOffset Start(StreamingContext context) => context.ZeroTime.ToDateTimeOffset();

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
