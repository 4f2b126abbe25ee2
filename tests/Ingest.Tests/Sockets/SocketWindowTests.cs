namespace FastStream.Tests;

/// <summary>Windows and states over received bytes: more than the pool has blocks for, as texts are copied and blocks go back.</summary>
public class SocketWindowTests
{
    private const int Lines = 4000;

    private static readonly StreamingOptions Small = new() { Partitions = 2, BlockSizeBytes = 4096, MaxBufferedBytes = 8 * 4096 };
    private static readonly TimeSpan Ever = TimeSpan.FromDays(365);

    [Theory]
    [InlineData("window")]
    [InlineData("keys")]
    [InlineData("values")]
    [InlineData("states")]
    public async Task Window_OfMoreThanThePoolHolds_ReadsRightAndHoldsNoBlock(string kind)
    {
        string[] sent = [.. Enumerable.Range(0, Lines).Select(i => $"{i} {new string((char)('a' + (i % 26)), 5 + (i % 60))}")];
        using var peer = new Peer();
        await using InputRun<string> run = InputRun<string>.Start(
            context =>
            {
                DStream<Utf8Text> lines =
                    context.SocketTextStream("127.0.0.1", peer.Port, new() { ConnectTimeout = Timeout.InfiniteTimeSpan });
                DStream<Utf8Text> kept = kind switch
                {
                    "window" => lines.Window(Ever),
                    "keys" => lines.CountByValueAndWindow(Ever).Map(pair => pair.Key),
                    "values" => lines.Map(line => (Key: line.ToString(), Value: line))
                        .ReduceByKeyAndWindow((a, _) => a, Ever).Map(pair => pair.Value),
                    _ => lines.Map(line => (Key: line, Value: (Utf8Text?)line))
                        .UpdateStateByKey((ReadOnlySpan<Utf8Text?> values, Optional<Utf8Text?> state) => values.IsEmpty ? state : values[0])
                            .Map(pair => pair.Value!.Value),
                };
                return kept.Map(line => line.ToString());
            },
            Small);
        using Connection connection = await peer.AcceptAsync();
        Task sending = connection.SendAsync(string.Concat(sent.Select(line => line + "\n")));
        await run.TickUntilAsync(() => run.Batches is [.., { Length: >= Lines }]);
        await sending;
        Assert.Equal(sent.Order(StringComparer.Ordinal), run.Batches[^1].Order(StringComparer.Ordinal));
        Assert.InRange(run.Context.Blocks.RentedBlocks, 0, 4);   // what the receiver fills; the window has ten times as much
        await run.StopAsync();
    }
}
