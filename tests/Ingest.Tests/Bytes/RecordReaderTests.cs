using System.Buffers.Binary;
using System.Text;

namespace FastStream.Tests;

public class RecordReaderTests
{
    private const int BlockBytes = 4096;

    /// <summary>
    /// Lets bytes run through a reader in chunks, cutting after every few reads; gives the records and checks that no
    /// block is held at the end.
    /// </summary>
    private static async Task<(List<string> Records, StreamingContext Context)> ReadAsync<T>(
        byte[] bytes, IEnumerable<int> chunks, IRecordDecoder<T> decoder, Func<T, string> show, bool inPlace,
        int maxRecordBytes = 1 << 20, OversizedRecordPolicy oversized = default, Exception? atEnd = null)
    {
        var context =
            new StreamingContext(new StreamingOptions
                { BlockSizeBytes = BlockBytes, MaxBufferedBytes = 1 << 24, MaxRecordBytes = maxRecordBytes, PoisonReturnedBlocks = true });
        var queue = new ByteQueue<T>(decoder, context.Blocks);
        var reader =
            new RecordReader<T>(queue, decoder, new OversizedRecords(context, "Test", oversized), null, inPlace ? context.Blocks : null);
        using var watch = new IdleWatch(TimeProvider.System, Timeout.InfiniteTimeSpan, CancellationToken.None);
        try
        {
            await reader.ReceiveAsync(new ChunkedStream(bytes, chunks, atEnd), null, watch, CancellationToken.None);
        }
        catch (IOException) when (atEnd is not null)
        {
            // The test's own.
        }

        var records = new List<string>();
        using (ByteBatch<T> batch = queue.Cut(3))
        {
            for (int partition = 0; partition < 3; partition++)
            {
                var sink = new Sink<T>(records, show);
                var output = new RecordBuffer<T>(sink);
                batch.Run(partition, 3, output);
                output.Flush();
            }

            Assert.Equal(records.Count, batch.RecordCount);
        }

        queue.Close();
        Assert.Equal(0, context.Blocks.RentedBlocks);
        await context.DisposeAsync();
        return (records, context);
    }

    private static Task<(List<string> Records, StreamingContext Context)> ReadLinesAsync(
        byte[] bytes, IEnumerable<int> chunks, bool inPlace, int maxRecordBytes = 1 << 20,
        OversizedRecordPolicy oversized = default, Exception? atEnd = null) =>
        ReadAsync(bytes, chunks, LineDecoder.Instance, line => Convert.ToHexString(line.Span), inPlace, maxRecordBytes, oversized, atEnd);

    private static List<string> Expected(byte[] bytes, int maxRecordBytes = int.MaxValue, OversizedRecordPolicy oversized = default)
    {
        var lines = new List<string>();
        int start = 0;
        for (int i = 0; i <= bytes.Length; i++)
        {
            bool end = i == bytes.Length;
            if (end ? start < i : bytes[i] is (byte)'\n' or (byte)'\r')
            {
                int length = i - start;
                if (length <= maxRecordBytes)
                {
                    lines.Add(Convert.ToHexString(bytes.AsSpan(start, length)));
                }
                else if (oversized == OversizedRecordPolicy.Truncate)
                {
                    lines.Add(Convert.ToHexString(bytes.AsSpan(start, maxRecordBytes)));
                }

                if (!end && bytes[i] == '\r' && i + 1 < bytes.Length && bytes[i + 1] == '\n')
                {
                    i++;
                }

                start = i + 1;
            }
        }

        return lines;
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Receive_SplitAtEveryByte_GivesTheSameLines(bool inPlace)
    {
        byte[] bytes = "first\r\n\r\n\n\rlone\rcr\n\r\n\0nul\0\r\nend without end\r"u8.ToArray();
        List<string> expected = Expected(bytes);
        for (int first = 1; first < bytes.Length; first++)
        {
            Assert.Equal(expected, (await ReadLinesAsync(bytes, [first], inPlace)).Records);
            Assert.Equal(expected, (await ReadLinesAsync(bytes, Enumerable.Repeat(first, bytes.Length), inPlace)).Records);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Receive_RandomBytesInRandomChunks_GivesTheSameLines(bool inPlace)
    {
        int seed = Environment.TickCount;
        var random = new Random(seed);
        for (int round = 0; round < 300; round++)
        {
            byte[] bytes = RandomText(random, out int longest);
            int maxRecord = random.Next(4) == 0 ? random.Next(1, Math.Max(2, longest)) : 1 << 20;
            OversizedRecordPolicy policy = random.Next(2) == 0 ? OversizedRecordPolicy.DropRecord : OversizedRecordPolicy.Truncate;
            int mean = random.Next(1, 9000);
            List<string> records =
                (await ReadLinesAsync(bytes, Enumerable.Range(0, bytes.Length).Select(_ => random.Next(1, mean + 1)),
                    inPlace, maxRecord, policy)).Records;
            Assert.True(Expected(bytes, maxRecord, policy).SequenceEqual(records), $"Seed {seed}, round {round}: the lines differ.");
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Receive_LinesAboutAsLongAsTheLimit_FollowThePolicyFromOneByteMoreOn(bool inPlace)
    {
        foreach (int limit in new[] { 1, 100, 4095, 5000 })
        {
            foreach (string end in new[] { "\n", "\r", "\r\n" })
            {
                string[] lines = [
                    .. new[] { 1, limit + 1, limit, limit + 2, limit - 1, limit + 20, limit }.Select(length => new string('x', length))];
                byte[] bytes = Encoding.UTF8.GetBytes(string.Join(end, lines));
                foreach (int chunk in new[] { 7, limit, limit + 1, bytes.Length })
                {
                    foreach (OversizedRecordPolicy policy in new[] { OversizedRecordPolicy.DropRecord, OversizedRecordPolicy.Truncate })
                    {
                        (List<string> records, StreamingContext context) =
                            await ReadLinesAsync(bytes, Enumerable.Repeat(chunk, bytes.Length), inPlace, limit, policy);
                        Assert.Equal(Expected(bytes, limit, policy), records);
                        Assert.Equal(policy == OversizedRecordPolicy.DropRecord ? 3 : 0, context.Metrics.DroppedRecords);
                    }

                    var error = await Assert
                        .ThrowsAsync<StreamingException>(
                            () => ReadLinesAsync(bytes, Enumerable.Repeat(chunk, bytes.Length), inPlace, limit));
                    Assert.Contains($"a record of more than {limit} bytes", error.Message);
                }
            }
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Receive_FramesAboutAsLongAsTheLimit_FailFromOneByteMoreOn(bool inPlace)
    {
        var prefixed = new LengthPrefixedDecoder<string>(Convert.ToHexString);
        byte[] frame = [0, 0, 0, 8, .. "8 bytes."u8];
        byte[] bytes = [.. frame, .. frame];
        var fixedLength = new FixedLengthDecoder<string>(8, Convert.ToHexString);
        foreach (int chunk in new[] { 1, 5, 100 })
        {
            IEnumerable<int> chunks = Enumerable.Repeat(chunk, 100);
            Assert.Equal(2, (await ReadAsync(bytes, chunks, prefixed, record => record, inPlace, maxRecordBytes: 8)).Records.Count);
            await Assert.ThrowsAsync<InvalidDataException>(
                () => ReadAsync(bytes, chunks, prefixed, record => record, inPlace, maxRecordBytes: 7));
            Assert.Equal(3, (await ReadAsync(bytes, chunks, fixedLength, record => record, inPlace, maxRecordBytes: 8)).Records.Count);
            await Assert.ThrowsAsync<InvalidDataException>(
                () => ReadAsync(bytes, chunks, fixedLength, record => record, inPlace, maxRecordBytes: 7));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Receive_LengthPrefixed_SplitAnywhere_GivesTheSameRecords(bool inPlace)
    {
        int seed = Environment.TickCount;
        var random = new Random(seed);
        for (int round = 0; round < 100; round++)
        {
            var expected = new List<string>();
            using var frames = new MemoryStream();
            byte[] prefix = new byte[4];
            for (int i = 0; i < 30; i++)
            {
                byte[] record = new byte[random.Next(3) == 0 ? random.Next(0, 10_000) : random.Next(0, 50)];
                random.NextBytes(record);
                expected.Add(Convert.ToHexString(record));
                BinaryPrimitives.WriteInt32BigEndian(prefix, record.Length);
                frames.Write(prefix);
                frames.Write(record);
            }

            int mean = random.Next(1, 5000);
            IEnumerable<int> chunks = Enumerable.Range(0, int.MaxValue).Select(_ => random.Next(1, mean + 1));
            var decoder = new LengthPrefixedDecoder<string>(Convert.ToHexString);
            (List<string> records, _) = await ReadAsync(frames.ToArray(), chunks, decoder, record => record, inPlace);
            Assert.True(expected.SequenceEqual(records), $"Seed {seed}, round {round}: the records differ.");
        }
    }

    [Fact]
    public async Task Receive_EndsInTheMiddleOfAFrame_DropsAndCountsIt()
    {
        var decoder = new FixedLengthDecoder<string>(4, Encoding.UTF8.GetString);
        (List<string> records, StreamingContext context) =
            await ReadAsync("aaaabbbbcc"u8.ToArray(), [3, 3, 3], decoder, record => record, inPlace: true);
        Assert.Equal(["aaaa", "bbbb"], records);
        Assert.Equal(1, context.Metrics.DroppedRecords);
    }

    [Fact]
    public async Task Receive_BrokenFrameAfterGoodOnes_KeepsTheGoodOnesAndThrows()
    {
        byte[] bytes = [0, 0, 0, 1, (byte)'a', 0xFF, 0xFF, 0xFF, 0xFF, 1, 2, 3];
        var decoder = new LengthPrefixedDecoder<string>(Encoding.UTF8.GetString);
        var error = await Assert
            .ThrowsAsync<InvalidDataException>(() => ReadAsync(bytes, [bytes.Length], decoder, record => record, inPlace: true));
        Assert.Contains("A length prefix says -1 bytes; 0 to 1048576 are expected.", error.Message);
        Assert.Equal(5, decoder.FindLast(bytes));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(5000)]
    public async Task Receive_ErrorInTheMiddleOfALine_KeepsWholeLines(int unfinished)
    {
        byte[] bytes = Encoding.UTF8.GetBytes("a\nb\n" + new string('x', unfinished));
        (List<string> records, StreamingContext context) =
            await ReadLinesAsync(bytes, Enumerable.Repeat(100, 1000), inPlace: true, atEnd: new IOException("reset"));
        Assert.Equal(["61", "62"], records);
        Assert.Equal(unfinished == 0 ? 0 : 1, context.Metrics.DroppedRecords);
    }

    [Fact]
    public async Task Receive_ManySmallPieces_ShareABlock()
    {
        // 1,000 receives of one line each: a few blocks, not a thousand.
        var context = new StreamingContext(new StreamingOptions { BlockSizeBytes = BlockBytes, MaxBufferedBytes = 8 * BlockBytes });
        var queue = new ByteQueue<Utf8Text>(LineDecoder.Instance, context.Blocks);
        var reader =
            new RecordReader<Utf8Text>(queue, LineDecoder.Instance, new OversizedRecords(context, "Test", default), null, context.Blocks);
        using var watch = new IdleWatch(TimeProvider.System, Timeout.InfiniteTimeSpan, CancellationToken.None);
        byte[] bytes = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("0123456789\n", 1000)));
        await reader.ReceiveAsync(new ChunkedStream(bytes, Enumerable.Repeat(11, 1000)), null, watch, CancellationToken.None);
        Assert.InRange(context.Blocks.RentedBlocks, 1, 6);
        queue.Close();
        Assert.Equal(0, context.Blocks.RentedBlocks);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Receive_Stopped_TakesWhatTheSystemHadReceived(bool inPlace)
    {
        var context = new StreamingContext(new StreamingOptions { BlockSizeBytes = BlockBytes });
        var queue = new ByteQueue<Utf8Text>(LineDecoder.Instance, context.Blocks);
        var reader =
            new RecordReader<Utf8Text>(queue, LineDecoder.Instance, new OversizedRecords(context, "Test", default), null, inPlace
                ? context.Blocks : null);
        byte[] bytes = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("0123456789\n", 1000)) + "not finished");
        using var stop = new CancellationTokenSource();
        using var watch = new IdleWatch(TimeProvider.System, Timeout.InfiniteTimeSpan, stop.Token);
        var source = new ChunkedStream(bytes, Enumerable.Repeat(500, 1000)) { OnRead = reads => { if (reads == 3) { stop.Cancel(); } } };
        await reader.ReceiveAsync(source, () => bytes.Length - (int)source.Position, watch, CancellationToken.None);
        using (ByteBatch<Utf8Text> batch = queue.Cut(1))
        {
            Assert.Equal(11_000, batch.SizeBytes);
        }

        queue.Close();
        Assert.Equal(1, context.Metrics.DroppedRecords);
        Assert.Equal(0, context.Blocks.RentedBlocks);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Receive_VeryLongLineInSmallPieces_LooksAtEachByteAFewTimes(bool inPlace)
    {
        byte[] bytes = new byte[(2 << 20) + 1];
        bytes.AsSpan().Fill((byte)'x');
        bytes[^1] = (byte)'\n';
        var decoder = new CountingDecoder();
        (List<string> records, _) =
            await ReadAsync(bytes, Enumerable.Repeat(1400, bytes.Length), decoder, line => $"{line.Length}", inPlace,
                maxRecordBytes: 4 << 20);
        Assert.Equal([$"{2 << 20}"], records);
        Assert.InRange(decoder.Examined, bytes.Length, 2 * bytes.Length);
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(1, true)]
    [InlineData(2, true)]
    [InlineData(3, false)]
    [InlineData(100, true)]
    public async Task Receive_Utf8MarkAtTheBeginning_IsNoText(int chunk, bool inPlace)
    {
        foreach ((string text, string[] expected) in new[]
        {
            ("\uFEFFname\n\uFEFFb\n", new[] { "name", "\uFEFFb" }),
            ("\uFEFF0123456789\n", ["0123456789"]),   // as long as a record may be
            ("\uFEFF\na", ["", "a"]),
            ("\uFEFF", []),
            ("\uFEFA\n", ["\uFEFA"]),                // begins as a mark does
        })
        {
            (List<string> records, _) =
                await ReadLinesAsync(Encoding.UTF8.GetBytes(text), Enumerable.Repeat(chunk, 100), inPlace, maxRecordBytes: 10);
            Assert.Equal(expected.Select(line => Convert.ToHexString(Encoding.UTF8.GetBytes(line))), records);
        }

        (List<string> bytes, _) = await ReadLinesAsync([0xEF, 0xBB], Enumerable.Repeat(chunk, 100), inPlace);
        Assert.Equal(["EFBB"], bytes);
    }

    [Fact]
    public async Task Receive_Utf8MarkInFrontOfBinaryRecords_IsARecord()
    {
        (List<string> records, _) = await ReadAsync(
            [0xEF, 0xBB, 0xBF, 1, 2, 3], [1, 1, 1, 1, 1, 1],
            new FixedLengthDecoder<byte[]>(3, bytes => bytes.ToArray()), Convert.ToHexString, inPlace: true);
        Assert.Equal(["EFBBBF", "010203"], records);
    }

    private static byte[] RandomText(Random random, out int longest)
    {
        var bytes = new List<byte>();
        longest = 0;
        int lines = random.Next(0, 60);
        for (int i = 0; i < lines; i++)
        {
            int length = random.Next(10) == 0 ? random.Next(0, 12_000) : random.Next(0, 60);
            longest = Math.Max(longest, length);
            for (int j = 0; j < length; j++)
            {
                bytes.Add((byte)random.Next('a', 'z'));
            }

            bytes.AddRange(
                random.Next(4) switch { 0 =>
                    "\r\n"u8.ToArray(), 1 => "\r"u8.ToArray(), 2 => i == lines - 1 ? [] : "\n"u8.ToArray(), _ => "\n"u8.ToArray() });
        }

        return [.. bytes];
    }

    /// <summary>Lines, and how many bytes were searched for their ends.</summary>
    private sealed class CountingDecoder : IRecordDecoder<Utf8Text>
    {
        public long Examined { get; private set; }

        public bool AcceptsUnfinishedEnd => true;

        public int FindFirst(ReadOnlySpan<byte> data) => FindFirst(data, 0);

        public int FindFirst(ReadOnlySpan<byte> data, int examined)
        {
            Examined += data.Length - examined;
            return LineDecoder.Instance.FindFirst(data, examined);
        }

        public int FindLast(ReadOnlySpan<byte> data)
        {
            Examined += data.Length;
            return LineDecoder.Instance.FindLast(data);
        }

        public long Decode(in RecordBytes bytes, RecordBuffer<Utf8Text> output) => LineDecoder.Instance.Decode(bytes, output);
    }

    private sealed class Sink<T>(List<string> records, Func<T, string> show) : LastOperator<T>
    {
        public override void OnRecords(ReadOnlySpan<T> items)
        {
            foreach (T item in items)
            {
                records.Add(show(item));
            }
        }
    }
}
