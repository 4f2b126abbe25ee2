using System.Text;
using System.Threading.Tasks.Dataflow;

namespace FastStream.Tests;

/// <summary>What receivers have received is in the first batch of the next start, once, wherever the run before it ended.</summary>
public sealed class ReceiverJournalTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly string _directory = Directory.CreateTempSubdirectory("faststream-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private string State => Path.Combine(_directory, "state");

    private static ManualTimeProvider ClockAt(int second) => new(DateTimeOffset.FromUnixTimeSeconds(1_700_000_000 + second));

    private StreamingOptions Options(bool saves = false, bool hasJournal = true,
        UnmatchedState unmatched = UnmatchedState.Refuse, ReceiverJournalOptions? journal = null,
        BatchFailurePolicy onFailure = BatchFailurePolicy.FailContext) => new()
    {
        Partitions = 3,
        BlockSizeBytes = 4096,
        MaxBufferedBytes = 1 << 20,
        OnBatchFailure = onFailure,
        Checkpoint = new CheckpointOptions
        {
            Directory = State,
            Interval = saves ? TimeSpan.FromMilliseconds(1) : TimeSpan.FromDays(1),
            UnmatchedState = unmatched,
            ReceiverJournal = hasJournal ? journal ?? new ReceiverJournalOptions() : null,
        },
    };

    /// <summary>A run of a program with one acknowledged writer.</summary>
    private (InputRun<string> Run, AcknowledgedWriter<string> Writer) Start(int second, StreamingOptions options,
        Action<string[]>? output = null, string? name = null)
    {
        AcknowledgedWriter<string>? writer = null;
        InputRun<string> run = InputRun<string>.Start(
            context =>
            {
                DStream<string> stream = context.ChannelStream(out writer);
                return name is null ? stream : stream.Named(name);
            },
            options, ClockAt(second), output: output);
        return (run, writer!);
    }

    private string[] JournalFiles() => [.. Directory.GetFiles(Path.Combine(State, "received"), "*.log",
        SearchOption.AllDirectories).Order(StringComparer.Ordinal)];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Restart_RecordsInNoBatch_AreInTheFirstOne(bool saves)
    {
        (InputRun<string> first, AcknowledgedWriter<string> writer) = Start(0, Options(saves));
        await writer.WriteAsync("a").WaitAsync(Patience);        // done without a batch: it is on the disk
        Assert.Equal(["a"], await first.TickAsync());
        await writer.WriteBlockAsync(new[] { "b", "ç", "" }).WaitAsync(Patience);
        await first.StopAsync(StopMode.Immediate);

        (InputRun<string> second, writer) = Start(100, Options(saves));
        await writer.WriteAsync("d").WaitAsync(Patience);
        await second.TickAsync();
        Assert.Equal(["b", "ç", "", "d"], second.Batches[^1]);
        await second.TickAsync();
        Assert.Empty(second.Batches[^1]);
        await second.StopAsync(StopMode.Immediate);

        (InputRun<string> third, _) = Start(200, Options(saves));
        await third.TickAsync();
        Assert.Empty(third.Batches[^1]);
        await third.StopAsync();
    }

    [Fact]
    public async Task Restart_BatchWasPlannedAndFailed_HasTheSameRecords()
    {
        (InputRun<string> first, AcknowledgedWriter<string> writer) = Start(0, Options(), _ => throw new IOException("The output fails."));
        string[] records = [.. Enumerable.Range(0, 1_000).Select(i => $"record {i}")];
        await Task.WhenAll(records.Select(record => writer.WriteAsync(record))).WaitAsync(Patience);
        await first.FailAsync();
        (InputRun<string> second, _) = Start(100, Options());
        await second.TickAsync();
        Assert.Equal(records.Order(StringComparer.Ordinal), second.Records.Order(StringComparer.Ordinal));
        Assert.Equal(records.Length, second.Batches[0].Length);
        Assert.Empty(second.Batches[^1]);
        await second.StopAsync();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Restart_AnywhereAgainAndAgain_HasEveryRecordOnce(int seed)
    {
        var random = new Random(seed);
        var sent = new List<string>();
        var counted = new List<string>();
        int second = 0;
        for (int run = 0; run < 12; run++)
        {
            // Small files, so that they come and go.
            StreamingOptions options = Options(saves: random.Next(2) == 0,
                journal: new ReceiverJournalOptions { MaxFileBytes = 4096, MaxPendingBytes = 4096 });
            (InputRun<string> input, AcknowledgedWriter<string> writer) = Start(second += 100, options, records =>
            {
                lock (counted)
                {
                    counted.AddRange(records);
                }
            });
            for (int batch = random.Next(6); batch >= 0; batch--)
            {
                for (int i = random.Next(20); i > 0; i--)
                {
                    sent.Add($"{sent.Count} {new string('x', random.Next(300))}");
                    await writer.WriteAsync(sent[^1]).WaitAsync(Patience);
                }

                if (batch > 0)
                {
                    await input.TickAsync();
                }
            }

            await input.StopAsync(random.Next(4) == 0 ? StopMode.Graceful : StopMode.Immediate);
        }

        (InputRun<string> last, _) = Start(second + 100, Options(), counted.AddRange);
        await last.TickAsync();
        await last.StopAsync();
        Assert.Equal(sent, counted.OrderBy(record => int.Parse(record[..record.IndexOf(' ')])).ToArray());
    }

    [Fact]
    public async Task Checkpoints_CountAllOfAFile_RemoveIt()
    {
        (InputRun<string> run, AcknowledgedWriter<string> writer) = Start(0, Options(saves: true,
            journal: new ReceiverJournalOptions { MaxFileBytes = 4096 }));
        for (int i = 0; i < 40; i++)
        {
            await writer.WriteAsync(new string('x', 2000)).WaitAsync(Patience);
            await run.TickAsync();
        }

        // Three kept checkpoints, a batch apart, with the files that their batches are in.
        await run.StopAsync();
        Assert.InRange(JournalFiles().Length, 1, 6);
    }

    [Theory]
    [InlineData("channel")]
    [InlineData("mailbox")]
    [InlineData("observable")]
    [InlineData("receiver")]
    [InlineData("listen")]
    [InlineData("socket")]
    public async Task Restart_EveryReceiver_HasWhatItReceived(string kind)
    {
        using var peer = new JournalPeer(kind);
        await using (InputRun<string> first = InputRun<string>.Start(peer.Describe, Options(), ClockAt(0)))
        {
            await peer.GiveAsync("one");
            await first.TickUntilAsync(1);
            await peer.GiveAsync("two");
            await peer.GiveAsync("three");
            await ReceivedAsync(2 + 1);
            await first.StopAsync(StopMode.Immediate);
        }

        peer.Renew();
        await using InputRun<string> second = InputRun<string>.Start(peer.Describe, Options(), ClockAt(100));
        await second.TickAsync();
        Assert.Equal(["two", "three"], second.Records);
        await second.StopAsync();
    }

    // What was received is in the journal's file, whatever the input waits for.
    private async Task ReceivedAsync(int records)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (Encoding.UTF8.GetString(JournalFiles().SelectMany(ReadShared).ToArray()) is var text && new[] { "one", "two",
            "three" }.Count(text.Contains) < records)
        {
            patience.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    private static byte[] ReadShared(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        byte[] bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return bytes;
    }

    [Fact]
    public async Task Restart_PostedBeforeTheStart_IsInTheJournalToo()
    {
        ITargetBlock<string>? mailbox = null;
        await using (InputRun<string> first = InputRun<string>.Start(
            context =>
            {
                DStream<string> stream = context.DataflowStream(out mailbox);
                Assert.True(mailbox.Post("early"));
                return stream;
            },
            Options(), ClockAt(0), output: _ => throw new IOException("The output fails.")))
        {
            await first.FailAsync();
        }

        await using InputRun<string> second = InputRun<string>.Start(context => context.DataflowStream(out mailbox), Options(),
            ClockAt(100));
        await second.TickAsync();
        Assert.Equal(["early"], second.Records);
        await second.StopAsync();
    }

    [Fact]
    public async Task Restart_TextsInRecords_AreAsTheyWere()
    {
        AcknowledgedWriter<(Utf8Text, int)>? writer = null;
        using var texts = new GuardedTexts();
        await using (InputRun<string> first = InputRun<string>.Start(context => context.ChannelStream(out writer).Map(pair =>
            pair.ToString()), Options(), ClockAt(0)))
        {
            await writer!.WriteAsync((texts.Of("a text that is too long to lie inside of its structure"), 1)).WaitAsync(Patience);
            await first.StopAsync(StopMode.Immediate);
        }

        await using InputRun<string> second = InputRun<string>.Start(context => context.ChannelStream(out writer).Map(pair =>
            pair.ToString()), Options(), ClockAt(100));
        await second.TickAsync();
        Assert.Equal(["(a text that is too long to lie inside of its structure, 1)"], second.Records);
        await second.StopAsync();
    }

    [Fact]
    public async Task Start_JournalSwitchedOn_GoesOnFromBatchesWithoutOne()
    {
        (InputRun<string> first, AcknowledgedWriter<string> writer) = Start(0, Options(hasJournal: false));
        Task acknowledged = writer.WriteAsync("a");
        await first.TickAsync();
        await acknowledged.WaitAsync(Patience);
        await first.StopAsync(StopMode.Immediate);

        (InputRun<string> second, writer) = Start(100, Options());
        await writer.WriteAsync("b").WaitAsync(Patience);
        await second.TickAsync();
        Assert.Equal(["b"], second.Records);
        await writer.WriteAsync("c").WaitAsync(Patience);
        await second.StopAsync(StopMode.Immediate);

        (InputRun<string> third, _) = Start(200, Options());
        await third.TickAsync();
        Assert.Equal(["c"], third.Records);
        await third.StopAsync();
    }

    [Fact]
    public async Task Start_JournalSwitchedOff_IsRefusedWhileSomethingIsLeftInIt()
    {
        (InputRun<string> first, AcknowledgedWriter<string> writer) = Start(0, Options());
        await writer.WriteAsync("a").WaitAsync(Patience);
        await first.StopAsync(StopMode.Immediate);
        InvalidOperationException refused = Assert.Throws<InvalidOperationException>(() => Start(100, Options(hasJournal: false)));
        Assert.Contains("1 entries that were received", refused.Message, StringComparison.Ordinal);

        (InputRun<string> second, writer) = Start(200, Options());
        await second.TickAsync();
        await writer.WriteAsync("b").WaitAsync(Patience);
        await second.StopAsync();
        Assert.Equal(["a", "b"], second.Records);

        // On, off twice, and on again, without a record twice.
        for (int run = 3; run < 6; run++)
        {
            (InputRun<string> next, _) = Start(run * 100, Options(saves: run == 4, hasJournal: run == 5));
            await next.TickAsync();
            Assert.Empty(next.Records);
            await next.StopAsync(StopMode.Immediate);
        }
    }

    [Fact]
    public async Task Start_InputGoneOrRenamed_IsRefusedOrDropped()
    {
        (InputRun<string> first, AcknowledgedWriter<string> writer) = Start(0, Options(), name: "orders");
        await writer.WriteAsync("a").WaitAsync(Patience);
        await first.StopAsync(StopMode.Immediate);
        InvalidOperationException refused = Assert.Throws<InvalidOperationException>(() => Start(100, Options(), name: "bills"));
        Assert.Contains("orders", refused.Message, StringComparison.Ordinal);
        Assert.Contains("\"bills\"", refused.Message, StringComparison.Ordinal);

        (InputRun<string> second, _) = Start(200, Options(saves: true, unmatched: UnmatchedState.Drop), name: "bills");
        await second.Listener.NextWarningAsync();
        await second.TickAsync();
        await second.StopAsync();
        Assert.DoesNotContain(Directory.GetDirectories(Path.Combine(State, "received")), directory =>
            directory.Contains("orders", StringComparison.Ordinal));
        (InputRun<string> third, _) = Start(300, Options(unmatched: UnmatchedState.Drop), name: "orders");
        await third.TickAsync();
        Assert.Empty(third.Records);
        await third.StopAsync();
    }

    [Fact]
    public async Task Start_FileMissingOrCutOff_IsRefused()
    {
        (InputRun<string> first, AcknowledgedWriter<string> writer) = Start(0, Options(saves: true));
        for (int i = 0; i < 3; i++)
        {
            await writer.WriteAsync("a record that is a while on the disk").WaitAsync(Patience);
            await first.TickAsync();
        }

        await writer.WriteAsync("the last").WaitAsync(Patience);
        await first.StopAsync(StopMode.Immediate);
        string file = Assert.Single(JournalFiles());
        byte[] bytes = File.ReadAllBytes(file);

        byte[] rotten = [.. bytes];
        rotten[bytes.Length - 40] ^= 1;
        File.WriteAllBytes(file, rotten);
        Assert.Contains("damaged at byte", Assert.Throws<InvalidDataException>(() => Start(100, Options())).Message,
            StringComparison.Ordinal);

        File.WriteAllBytes(file, bytes[..60]);
        Assert.ThrowsAny<InvalidDataException>(() => Start(100, Options()));

        File.Delete(file);
        Assert.ThrowsAny<InvalidDataException>(() => Start(100, Options()));

        File.WriteAllBytes(file, bytes);
        (InputRun<string> last, _) = Start(100, Options());
        await last.TickAsync();
        Assert.Equal(["the last"], last.Batches[^1]);
        await last.StopAsync();
    }

    [Fact]
    public async Task Write_SerializerThrows_RefusesTheRecordAndGoesOn()
    {
        StreamingOptions options = Options();
        options.Checkpoint!.Serializers.Add(new PickySerializer());
        AcknowledgedWriter<int>? writer = null;
        await using InputRun<int> run = InputRun<int>.Start(context => context.ChannelStream(out writer),
            options with { MaxBufferedRecords = 2 }, ClockAt(0));
        for (int i = 0; i < 5; i++)
        {
            await Assert.ThrowsAsync<ArgumentException>(() => writer!.WriteAsync(13).WaitAsync(Patience));   // gives its room back
        }

        await writer!.WriteBlockAsync(new[] { 1, 2 }).WaitAsync(Patience);
        Assert.Equal([1, 2], await run.TickAsync());
        await run.StopAsync();
    }

    private sealed class PickySerializer : IRecordSerializer<int>
    {
        public string Schema => "picky";

        public void Write(in int record, System.Buffers.IBufferWriter<byte> output)
        {
            output.GetSpan(1)[0] = record == 13 ? throw new ArgumentException("13 is not taken.") : (byte)record;
            output.Advance(1);
        }

        public int Read(ref ReadOnlySpan<byte> input)
        {
            int record = input[0];
            input = input[1..];
            return record;
        }
    }

    /// <summary>Texts in memory that is overwritten in the end.</summary>
    private sealed class GuardedTexts : IDisposable
    {
        private readonly Block _block = new BlockPool(4096, 1, poison: true).Rent();

        public Utf8Text Of(string text)
        {
            int length = Encoding.UTF8.GetBytes(text, _block.Span);
            return new RecordBytes(_block, 0, length).Text(0, length);
        }

        public void Dispose() => _block.Release();
    }
}
