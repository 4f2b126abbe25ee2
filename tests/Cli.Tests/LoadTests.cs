using System.Net;
using System.Net.Sockets;
using System.Text;
using FastStream.Cli;

namespace FastStream.Tests.Cli;

/// <summary><c>faststream gen</c> and <c>replay</c>.</summary>
[Collection(nameof(Console))]
public sealed class LoadTests
{
    [Fact]
    public async Task Gen_SameSeed_GivesTheSameLines()
    {
        using var folder = new TemporaryFolder();
        string[] files = ["a", "b", "c"];
        foreach ((string file, string seed) in files.Zip(["5", "5", "6"]))
        {
            Tool tool = await Tool.RunAsync(
                "gen", "file:" + Path.Combine(folder.Path, file), "--count", "200", "--rate", "100k", "--seed", seed,
                "--keys", "5", "--template", "{n} {key} {int:10-12} {pick:GET|POST}");
            Assert.True(tool.Code == ExitCode.Done, tool.Errors);
            Assert.StartsWith("200 lines, ", tool.Errors, StringComparison.Ordinal);
        }

        string[][] lines = [.. files.Select(file => File.ReadAllLines(Path.Combine(folder.Path, file)))];
        Assert.Equal(lines[0], lines[1]);
        Assert.NotEqual(lines[0], lines[2]);
        Assert.All(lines[0].Index(), line => Assert.Matches($"^{line.Index} key-[0-4] 1[012] (GET|POST)$", line.Item));
        Assert.True(lines[0].Count(line => line.Contains("key-0", StringComparison.Ordinal)) > lines[0]
            .Count(line => line.Contains("key-4", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("words")]
    [InlineData("log")]
    [InlineData("state")]
    public async Task Gen_Workload_MakesItsLines(string workload)
    {
        using var folder = new TemporaryFolder();
        string file = Path.Combine(folder.Path, "lines");
        await Tool.RunAsync("gen", "file:" + file, "--count", "50", "--rate", "100k", "--workload", workload);

        Assert.Equal(50, File.ReadAllLines(file).Length);
    }

    [Fact]
    public async Task Gen_Tcp_IsReceivedWhole()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        Task<Tool> sending =
            Tool.RunAsync("gen", $"tcp:127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}", "--count", "1000",
                "--rate", "1m", "--template", "line {n}", "--pattern", "bursts");
        using TcpClient peer = await listener.AcceptTcpClientAsync();
        using var reader = new StreamReader(peer.GetStream());
        string received = await reader.ReadToEndAsync();

        Assert.Equal(ExitCode.Done, (await sending).Code);
        Assert.Equal(string.Concat(Enumerable.Range(0, 1000).Select(number => $"line {number}\n")), received);
    }

    [Fact]
    public async Task Gen_Udp_IsADatagramForEachLine()
    {
        using var receiver = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        Task<UdpReceiveResult> first = receiver.ReceiveAsync();
        await Tool.RunAsync("gen", $"udp:127.0.0.1:{((IPEndPoint)receiver.Client.LocalEndPoint!).Port}", "--count", "2",
            "--rate", "1k", "--template", "line {n}");

        Assert.Equal("line 0", Encoding.UTF8.GetString((await first).Buffer));
        Assert.Equal("line 1", Encoding.UTF8.GetString((await receiver.ReceiveAsync()).Buffer));
    }

    [Fact]
    public async Task Gen_WrongFieldOrTarget_SaysWhatIsExpected()
    {
        Tool field = await Tool.RunAsync("gen", "-", "--template", "{nothing}");
        Tool target = await Tool.RunAsync("gen", "http://x");

        Assert.Equal(
            (ExitCode.Usage, "--template has the field {nothing}; expected are {n}, {key}, {int:1-100}, {pick:GET|POST}, {time}.\n"),
            (field.Code, field.Errors));
        Assert.Equal(ExitCode.Usage, target.Code);
        Assert.StartsWith("http://x is no target; expected is listen:PORT", target.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_Steady_IsEven() => Assert.Equal([0, 10, 20], Milliseconds("steady", 100, 1, 3));

    [Fact]
    public void Of_Bursts_ComesTogether() => Assert.Equal([0, 0, 20, 20, 40], Milliseconds("bursts", 100, 2, 5));

    [Fact]
    public void Of_Poisson_HasTheRateInTheMeanAndExponentialGaps()
    {
        double[] times = Milliseconds("poisson", 100, 1, 20_000);
        double[] gaps = [.. times.Skip(1).Zip(times, (later, earlier) => later - earlier)];
        Assert.InRange(gaps.Average(), 9.7, 10.3);
        Assert.InRange(gaps.Count(gap => gap > 10) / (double)gaps.Length, 0.35, 0.39);   // 1/e
    }

    [Theory]
    [InlineData("apache", "127.0.0.1 - - [10/Oct/2000:13:55:36 -0700] \"GET /\"", "2000-10-10T20:55:36Z")]
    [InlineData("iso", "INFO 2026-01-02 03:04:05.250 started", "2026-01-02T03:04:05.250Z")]
    [InlineData("iso", "2026-01-02T03:04:05+01:00 started", "2026-01-02T02:04:05Z")]
    [InlineData(@"ts=(\d+)", "ts=1700000000 x", "2023-11-14T22:13:20Z")]
    [InlineData(@"ts=(\d+)", "ts=1700000000500 x", "2023-11-14T22:13:20.5Z")]
    public void Of_LineWithTime_IsIt(string pattern, string line, string expected) =>
        Assert.Equal(DateTimeOffset.Parse(expected, System.Globalization.CultureInfo.InvariantCulture), new LineTimes(pattern).Of(line));

    [Fact]
    public void Due_LinesWithTimes_HaveTheirGaps()
    {
        string[] lines = ["no time", "ts=100 a", "no time", "ts=104 b", "ts=102 late", "ts=106 c"];
        Assert.Equal([0, 0, 0, 2, 2, 3], new LineTimes(@"ts=(\d+)").Due(lines, speed: 2).Select(line => line.Due.TotalSeconds));
    }

    [Fact]
    public async Task Replay_File_IsSentInOrder()
    {
        using var folder = new TemporaryFolder();
        string from = folder.Write("from", "a\nb\nc\n");
        string to = Path.Combine(folder.Path, "to");
        Tool rate = await Tool.RunAsync("replay", from, "file:" + to, "--rate", "1k");
        Tool times =
            await Tool.RunAsync("replay", folder.Write("times", "ts=1 x\nts=2 y\n"), "file:" + to, "--timestamps",
                @"ts=(\d+)", "--speed", "1000");

        Assert.Equal((ExitCode.Done, ExitCode.Done), (rate.Code, times.Code));
        Assert.Equal("a\nb\nc\nts=1 x\nts=2 y\n", File.ReadAllText(to));
    }

    [Theory]
    [InlineData("--speed is given without --timestamps", "--speed", "2")]
    [InlineData("--timestamps is given together with --rate", "--timestamps", "iso", "--rate", "5")]
    [InlineData("--timestamps is \"(\", which is no regular expression", "--timestamps", "(")]
    public async Task Replay_OptionsThatDoNotFit_AreRefused(string expected, params string[] options)
    {
        using var folder = new TemporaryFolder();
        Tool tool = await Tool.RunAsync(["replay", folder.Write("from", "a\n"), "file:" + Path.Combine(folder.Path, "to"), .. options]);

        Assert.Equal(ExitCode.Usage, tool.Code);
        Assert.StartsWith(expected, tool.Errors, StringComparison.Ordinal);
    }

    private static double[] Milliseconds(string pattern, double rate, int burst, int count) =>
        [.. Arrivals.Of(pattern, rate, burst, new SeededRandom(1)).Take(count).Select(due => due.TotalMilliseconds)];
}
