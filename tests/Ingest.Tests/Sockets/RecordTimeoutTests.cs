namespace FastStream.Tests;

/// <summary>How long a record may take, with a source that moves the clock while it is read.</summary>
public sealed class RecordTimeoutTests
{
    private static async Task<(string[] Records, WatchEnd Reason)> ReadAsync(string text, int chunk, TimeSpan eachRead)
    {
        var clock = new ManualTimeProvider();
        await using var context = new StreamingContext(new StreamingOptions { TimeProvider = clock });
        var queue = new ByteQueue<Utf8Text>(LineDecoder.Instance, context.Blocks);
        var reader = new RecordReader<Utf8Text>(
            queue, LineDecoder.Instance, new OversizedRecords(context, "Test", OversizedRecordPolicy.DropRecord), null, blocks: null);
        byte[] bytes = System.Text.Encoding.UTF8.GetBytes(text);
        using var watch = new IdleWatch(clock, Timeout.InfiniteTimeSpan, TimeSpan.FromSeconds(20), CancellationToken.None);
        var source = new ChunkedStream(bytes, Enumerable.Repeat(chunk, bytes.Length)) { OnRead = _ => clock.Advance(eachRead) };
        await reader.ReceiveAsync(source, () => 0, watch, CancellationToken.None);
        var lines = new List<string>();
        using (ByteBatch<Utf8Text> batch = queue.Cut(1))
        {
            var output = new RecordBuffer<Utf8Text>(new Lines(lines));
            batch.Run(0, 1, output);
            output.Flush();
        }

        queue.Close();
        return ([.. lines], watch.Reason);
    }

    [Fact]
    public async Task Receive_RecordsThatEachBeginWithTheEndOfTheOneBefore_HaveTheirOwnTime()
    {
        // Reads of three bytes: each but the first has the end of a line and the beginning of the next.
        (string[] records, WatchEnd reason) = await ReadAsync(string.Concat(Enumerable.Repeat("a\nb", 60)), 3, TimeSpan.FromSeconds(15));
        Assert.Equal(["a", .. Enumerable.Repeat("ba", 59), "b"], records);
        Assert.Equal(WatchEnd.None, reason);
    }

    [Fact]
    public async Task Receive_BytesOfOneRecordOneByOne_TakeTimeTogether()
    {
        (string[] records, WatchEnd reason) = await ReadAsync("a\nbcdefgh\n", 1, TimeSpan.FromSeconds(6));
        Assert.Equal(["a"], records);
        Assert.Equal(WatchEnd.SlowRecord, reason);
    }

    [Fact]
    public async Task Receive_SilenceBeforeEachRecord_TakesNoTime()
    {
        (string[] records, WatchEnd reason) = await ReadAsync("a\nb\nc\n", 2, TimeSpan.FromMinutes(10));
        Assert.Equal(["a", "b", "c"], records);
        Assert.Equal(WatchEnd.None, reason);
    }

    private sealed class Lines(List<string> lines) : LastOperator<Utf8Text>
    {
        public override void OnRecords(ReadOnlySpan<Utf8Text> items)
        {
            foreach (Utf8Text line in items)
            {
                lines.Add(line.ToString());
            }
        }
    }
}
