using System.Globalization;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace FastStream.Tests.House;

/// <summary>The main job as a user starts it.</summary>
public sealed class LogMonitorTests
{
    [Fact]
    public async Task LogMonitor_WithoutSource_PrintsItsOwnLoad()
    {
        using var sample = new SampleProcess("LogMonitor", "--interval", "500ms", "--rate", "2000");
        foreach (string line in new[] { @"^ERROR worker \d could not finish request \d+$", @"^\(10\.0\.\d\.\d,\d+\)$",
            @"^\(10\.0\.\d\.\d,\(\d+,\d+\)\)$", @"^\(200,\d+\)$" })
        {
            await sample.ReadUntilAsync(printed => Regex.IsMatch(printed, line));
        }

        sample.Interrupt();
        Assert.Equal(0, await sample.WaitAsync());
    }

    [Fact]
    public async Task LogMonitor_WithADuration_StopsByItself()
    {
        using var sample = new SampleProcess("LogMonitor", "--duration", "1s", "--interval", "100ms");
        Assert.Equal(0, await sample.WaitAsync());
    }

    [Fact]
    public async Task LogMonitor_OnAPortWithTypedLines_PrintsTheErrorsAndStopsGracefullyAtInterrupt()
    {
        using TcpListener listener = SampleProcess.Listen(out int port);
        using var sample = new SampleProcess("LogMonitor", "--port", port.ToString(CultureInfo.InvariantCulture), "--interval", "100ms");
        using TcpClient client = await listener.AcceptTcpClientAsync();
        await client.GetStream().WriteAsync("ERROR hi-1\nmsg\nERROR hi-3\n"u8.ToArray());

        await sample.ReadUntilAsync(line => line == "ERROR hi-3");
        await client.GetStream().WriteAsync("ERROR last\n"u8.ToArray());
        await sample.ReadUntilAsync(line => line == "ERROR last");
        sample.Interrupt();

        Assert.Equal(0, await sample.WaitAsync());
        Assert.Matches(@"-{43}\nTime: \d+ ms\n-{43}\nERROR hi-1\n", sample.Output);
        Assert.DoesNotContain("msg", sample.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task LogMonitor_OnADirectory_ReadsFilesMovedIn()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("faststream-sample-");
        try
        {
            using var sample = new SampleProcess("LogMonitor", "--directory", folder.FullName, "--interval", "100ms");
            await sample.ReadUntilAsync(line => line.StartsWith("Time: ", StringComparison.Ordinal));
            string aside = Path.Combine(folder.FullName, ".a.log");
            await File.WriteAllTextAsync(aside, "ERROR in a file\n10.0.0.1 - - [d] \"GET / HTTP/1.1\" 200 10\n");
            File.Move(aside, Path.Combine(folder.FullName, "a.log"));

            await sample.ReadUntilAsync(line => line == "ERROR in a file");
            await sample.ReadUntilAsync(line => line == "(10.0.0.1,(10,1))");
            sample.Interrupt();
            Assert.Equal(0, await sample.WaitAsync());
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData("whole milliseconds", "--interval", "0s")]
    [InlineData("whole milliseconds", "--interval", "soon")]
    [InlineData("whole milliseconds", "--interval", "0.5ms")]
    [InlineData("up to 24 days", "--duration", "99999999999999999999h")]
    [InlineData("1 to 1024", "--partitions", "0")]
    [InlineData("1 to 65535", "--port", "x")]
    [InlineData("from 1 to", "--rate", "-5")]
    [InlineData("without --port", "--host", "localhost")]
    [InlineData("one source", "--directory", ".", "--port", "9999")]
    [InlineData("an existing one", "--directory", "no-such-folder")]
    public async Task LogMonitor_WithABadOption_SaysWhatIsExpected(string expected, params string[] options)
    {
        using var sample = new SampleProcess("LogMonitor", [.. options]);
        Assert.Equal(1, await sample.WaitAsync());
        Assert.Contains(expected, sample.Errors, StringComparison.Ordinal);
    }
}
