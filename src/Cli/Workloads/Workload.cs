using System.Globalization;
using System.Text;
using LogMonitor;

namespace FastStream.Cli;

/// <summary>A built-in job of the tool, with lines for it.</summary>
/// <param name="Name">Its name on the command line.</param>
/// <param name="About">What it does, in a line.</param>
/// <param name="Line">Makes the next line, without a line end.</param>
/// <param name="Describe">Describes the processing of the lines.</param>
internal sealed record Workload(string Name, string About, Func<SeededRandom, string> Line, Action<DStream<Utf8Text>> Describe)
{
    private const int LineCount = 20_000;
    private const int WindowBatches = 10;

    private static readonly ZipfRanks Words = new(20_000, 1);
    private static readonly ZipfRanks Clients = new(10_000, 1);
    private static readonly string[] Statuses = ["200", "200", "200", "200", "301", "404", "500"];

    /// <summary>All built-in workloads.</summary>
    public static Workload[] Known { get; } =
    [
        new("words", "counts words: lines of ten words out of 20,000", WordsLine, CountWords),
        new("log", "watches a web server's log: errors, requests and bytes by client, statuses", LogLine, WatchLog),
        new("window", "requests and bytes by client over the last ten batches", LogLine, CountInWindow),
        new("state", "the latest value and a count for each of 1,000,000 keys, for ever", KeyLine, KeepState),
    ];

    public static string[] Names { get; } = [.. Known.Select(each => each.Name)];

    public static Workload Named(string name) => Known.First(each => each.Name == name);

    /// <summary>Makes the lines that a source repeats; they are the same in every process.</summary>
    public byte[][] MakeLines()
    {
        var random = new SeededRandom(1);
        return [.. Enumerable.Range(0, LineCount).Select(_ => Encoding.UTF8.GetBytes(Line(random)))];
    }

    private static string WordsLine(SeededRandom random) =>
        string.Join(' ', Enumerable.Range(0, 10).Select(_ => "w" + Words.Next(random).ToString("x", CultureInfo.InvariantCulture)));

    private static string LogLine(SeededRandom random)
    {
        if (random.Below(200) == 0)
        {
            return string.Create(CultureInfo.InvariantCulture,
                $"ERROR worker {random.Below(8)} could not finish request {random.Below(1_000_000)}");
        }

        int client = Clients.Next(random);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"10.{client >> 16}.{(client >> 8) & 255}.{client & 255} - - [10/Oct/2025:13:55:36 +0000] \"GET "
                + $"/item/{random.Below(2_000)} HTTP/1.1\" {Statuses[random.Below(Statuses.Length)]} {200 + random.Below(20_000)}");
    }

    private static string KeyLine(SeededRandom random) =>
        string.Create(CultureInfo.InvariantCulture, $"key-{random.Below(1_000_000)} {random.Below(1_000)}");

    private static void CountWords(DStream<Utf8Text> lines) =>
        lines.SplitWords().Map(word => (word, 1L)).ReduceByKey((a, b) => a + b).ForEachBatch((_, _) => { });

    private static void WatchLog(DStream<Utf8Text> lines)
    {
        lines.Filter(line => line.Contains("ERROR"u8)).ForEachBatch((_, _) => { });
        DStream<AccessLog> requests = Requests(lines);
        var count = requests.Map(request => (request.Ip, 1L)).ReduceByKey((a, b) => a + b);
        var bytes = requests.Map(request => (request.Ip, request.Bytes)).ReduceByKey((a, b) => a + b);
        bytes.Join(count).ForEachBatch((_, _) => { });
        requests.Map(request => (request.Status, 1L)).ReduceByKey((a, b) => a + b).ForEachBatch((_, _) => { });
    }

    private static void CountInWindow(DStream<Utf8Text> lines) =>
        Requests(lines)
            .Map(request => (request.Ip, (Count: 1L, request.Bytes)))
            .ReduceByKeyAndWindow((a, b) => (a.Count + b.Count, a.Bytes + b.Bytes),
                (a, b) => (a.Count - b.Count, a.Bytes - b.Bytes), lines.Slide * WindowBatches)
            .ForEachBatch((_, _) => { });

    private static void KeepState(DStream<Utf8Text> lines) =>
        lines.Map(line => (line.UpTo((byte)' '), line.TryParseEnd(out long value, out _) ? value : 0))
            .MapWithState(KeyState.Of<(long Latest, long Count)>(), (_, value, state) =>
            {
                long count = state.Exists ? state.Value.Count + 1 : 1;
                state.Update((value.GetValueOrDefault(0), count));
                return count;
            })
            .ForEachBatch((_, _) => { });

    private static DStream<AccessLog> Requests(DStream<Utf8Text> lines) => lines.FlatMap<Utf8Text, AccessLog>((line, output) =>
    {
        if (AccessLog.TryParse(line, out AccessLog request))
        {
            output.Add(request);
        }
    });
}
