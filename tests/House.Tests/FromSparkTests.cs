using System.Collections.Concurrent;
using System.Net.Sockets;
using FastStream.Samples.FromSpark;
using static System.FormattableString;

namespace FastStream.Tests.House;

/// <summary>Spark's classic examples, ported: they are what the guide shows, and they give what Spark's give.</summary>
public sealed class FromSparkTests
{
    private static readonly string[] Names =
    [
        .. Tree.Files(".cs", "samples/FromSpark").Where(file => !file.EndsWith("Program.cs", StringComparison.Ordinal)),
    ];

    [Fact]
    public void Examples_InGuide_AreTheSamplesToTheLetter()
    {
        string guide = Tree.Read("docs/guide/spark-examples.md");
        Assert.True(Names.Length >= 9, $"Only {Names.Length} were found.");
        Assert.Equal([], Names.Where(name => !guide.Contains($"```csharp\n{Body(name)}```", StringComparison.Ordinal)));

        // All that follows the summary of the type; using directives are in the sample alone.
        static string Body(string name)
        {
            string text = Tree.Read(name);
            return text[text.IndexOf("\npublic ", StringComparison.Ordinal)..][1..];
        }
    }

    [Fact]
    public void NetworkWordCount_TwoBatches_CountsEachByItself() =>
        Assert.Equal(
            ["be=2 not=1 or=1 to=2", "be=1"],
            Run(["to be or not to be", "be"], lines => NetworkWordCount.Count(lines).Map(each => $"{each.Word}={each.Count}")));

    [Fact]
    public void StatefulNetworkWordCount_TwoBatches_GoesOnFromInitialStates() =>
        Assert.Equal(
            ["be=1 be=2 hello=2", "be=3 world=2"],
            Run(["hello be be", "be world"], lines => StatefulNetworkWordCount.Count(lines).Map(each => $"{each.Word}={each.Count}")));

    [Fact]
    public void WindowedWordCount_FortySeconds_CountsTheLastThirtyEveryTen()
    {
        string[] seconds = [.. Enumerable.Range(1, 40).Select(second => second == 5 ? "a b" : "a")];
        string[] found = Run(seconds, lines => WindowedWordCount.Count(lines).Map(each => $"{each.Word}={each.Count}"));
        Assert.Equal(["10: a=10 b=1", "20: a=20 b=1", "30: a=30 b=1", "40: a=30"], At(found));
    }

    [Fact]
    public void RecoverableNetworkWordCount_ExcludedWords_AreLeftOut() =>
        Assert.Equal(
            ["be=1 to=1"],
            Run(["a to b be c"], lines => RecoverableNetworkWordCount.Count(lines).Map(each => $"{each.Word}={each.Count}")));

    [Fact]
    public async Task RecoverableNetworkWordCount_BatchThatRunsAgainAfterARestart_HasOneLine()
    {
        using var place = new TemporaryFolder();
        string file = Path.Combine(place.Path, "counts.txt");
        var failure = new IOException("failed before the batch was committed");
        await Run(["to be", "or not"], failIn: 2);
        await Run(["be"], failIn: 0);
        Assert.Equal(
            ["Counts at time 1000 ms [(be, 1), (to, 1)]", "Counts at time 2000 ms [(not, 1), (or, 1)]", "Counts at time 3000 ms [(be, 1)]"],
            await File.ReadAllLinesAsync(file));

        async Task Run(string[] batches, int failIn)
        {
            var checkpoint = new CheckpointOptions { Directory = Path.Combine(place.Path, "state") };
            var test = new StreamTestOptions
            {
                StartTime = DateTimeOffset.UnixEpoch.AddSeconds(failIn == 0 ? 2 : 0),
                Configure = options => options with { Checkpoint = checkpoint },
            };
            await using var scenario = new StreamScenario(test);
            RecoverableNetworkWordCount.Count(Lines(scenario.Input(Batches(batches)))).ForEachBatch((batch, time) =>
            {
                RecoverableNetworkWordCount.Append(batch, time, file);
                if (time.Milliseconds == failIn * 1000)
                {
                    throw failure;   // the line is written, and the batch is not done: the next start runs it again
                }
            });
            await scenario.RunBatchesAsync();
        }
    }

    [Fact]
    public async Task CustomReceiver_LinesOfAServer_AreStored()
    {
        using TcpListener listener = SampleProcess.Listen(out int port);
        await using var context = new StreamingContext(TimeSpan.FromMilliseconds(20));
        var receiver = new CustomReceiver("127.0.0.1", port) { RestartDelay = TimeSpan.Zero };
        var batches = CustomReceiver.Count(context.ReceiverStream(receiver)).ToAsyncEnumerable();
        context.Start();
        var counts = new SortedDictionary<string, long>(StringComparer.Ordinal);
        await SendAsync("to be or\n");
        await SendAsync("not to be\n");   // to the second connection, as the first was ended
        await foreach (Batch<(string Word, long Count)> batch in batches)
        {
            foreach ((string word, long count) in batch)
            {
                counts[word] = counts.GetValueOrDefault(word) + count;
            }

            if (counts.Values.Sum() == 6)
            {
                break;
            }
        }

        Assert.Equal("be=2 not=1 or=1 to=2", string.Join(' ', counts.Select(each => $"{each.Key}={each.Value}")));

        async Task SendAsync(string text)
        {
            using TcpClient client = await listener.AcceptTcpClientAsync();
            await client.GetStream().WriteAsync(System.Text.Encoding.UTF8.GetBytes(text));
        }
    }

    [Fact]
    public async Task QueueStream_TwoBatches_CountsLastDigits()
    {
        await using var scenario = new StreamScenario();
        var queue = new ConcurrentQueue<IReadOnlyList<int>>([[1, 11, 2], [30]]);
        var output = scenario.Output(QueueStream.Count(scenario.Context.QueueStream(queue)).Map(each => $"{each.Digit}={each.Count}"));
        await scenario.RunAsync(batchCount: 3);
        Assert.Equal(["1=2 2=1", "0=1", ""], output.Batches.Select(Line));
    }

    [Fact]
    public void SqlNetworkWordCount_OneBatch_GivesTotals()
    {
        Assert.Equal(
            ["be=2 or=1 to=1"],
            Run(["to be or be"], lines => SqlNetworkWordCount.Total(lines).Map(each => $"{each.Word}={each.Total}")));
        Assert.Equal(
            [[("be", 2), ("or", 1), ("to", 1)]],
            StreamTest.Run(Batches(["to be or be"]), (DStream<string> lines) => SqlNetworkWordCount.TotalSorted(Lines(lines))));
    }

    [Fact]
    public void DirectKafkaWordCount_Values_AreCounted() =>
        Assert.Equal(
            ["be=2 to=1"],
            Run(["to be be"], lines => DirectKafkaWordCount.Count(lines.Map(line => new KafkaRecord<Utf8Text, Utf8Text> { Value = line }))
                .Map(each => $"{each.Word}={each.Count}")));

    [Fact]
    public void PageViewStream_EveryMetric_IsWhatSparkGives()
    {
        string[] lines = ["/a\t200\t94709\t1", "/a\t404\t94709\t2|/b\t200\t94117\t1", "/b\t200\t94117\t4", ""];
        Assert.Equal(
            ["/a=1", "/a=1 /b=1", "/b=1", ""],
            Views(views => PageViewStream.PageCounts(views).Map(each => $"{each.Url}={each.Count}")));
        Assert.Equal(
            ["2: /a=2 /b=1", "4: /a=2 /b=2"],
            At(Views(views => PageViewStream.SlidingPageCounts(views).Map(each => $"{each.Url}={each.Count}"))));
        Assert.Equal(
            ["2: 94117=0 94709=0.5", "4: 94117=0 94709=0.5"],
            At(Views(views => PageViewStream.ErrorRates(views).Map(each => Invariant($"{each.ZipCode}={each.Rate}")))));
        Assert.Equal(["2: 2", "4: 3"], At(Views(views => PageViewStream.ActiveUsers(views).Map(count => $"{count}"))));
        Assert.Equal(["Ada", "Ada Grace", "", ""], Views(PageViewStream.UsersSeen));

        string[] Views(Func<DStream<PageView>, DStream<string>> metric) =>
            [.. StreamTest.Run([.. lines.Select(line => line.Split('|', StringSplitOptions.RemoveEmptyEntries))],
                (DStream<string> lines) => metric(Lines(lines).Map(PageView.Parse))).Select(Line)];
    }

    [Fact]
    public void PageView_LineThatIsNone_SaysWhatIsExpected()
    {
        FormatException error = Assert.Throws<FormatException>(() => PageView.Parse(Utf8Text.Intern("/a\tok")));
        Assert.Contains("URL, status, zip code and user", error.Message, StringComparison.Ordinal);
    }

    private static DStream<Utf8Text> Lines(DStream<string> lines) => lines.Map(line => Utf8Text.Intern(line));

    private static string[][] Batches(string[] lines) => [.. lines.Select(line => new[] { line })];

    // One line a batch in; the records of each batch, sorted, out.
    private static string[] Run(string[] lines, Func<DStream<Utf8Text>, DStream<string>> example) =>
        [.. StreamTest.Run(Batches(lines), (DStream<string> input) => example(Lines(input))).Select(Line)];

    private static string Line(IReadOnlyList<string>? batch) =>
        batch is null ? "no batch" : string.Join(' ', batch.Order(StringComparer.Ordinal));

    // What a stream with a slide gave, by the second at which it did.
    private static IEnumerable<string> At(string[] batches) =>
        from each in batches.Index()
        where each.Item != "no batch"
        select $"{each.Index + 1}: {each.Item}";

    private sealed class TemporaryFolder : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("faststream-from-spark-").FullName;

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
