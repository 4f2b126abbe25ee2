using System.Globalization;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace FastStream.Tests.House;

/// <summary>What the README shows is what runs.</summary>
public sealed partial class ReadmeTests
{
    [Fact]
    public void Example_InReadme_IsTheSampleToTheLetter()
    {
        string block = CodeBlock().Match(Tree.Read("README.md")).Groups[1].Value;
        Assert.Equal(Tree.Read("samples/FirstMinute/Program.cs"), block);
    }

    [Fact]
    public void Commands_InReadme_NameWhatIsThere()
    {
        string readme = Tree.Read("README.md");
        Assert.Contains("\ndotnet run -c Release --project samples/LogMonitor\n", readme, StringComparison.Ordinal);
        Assert.Contains("\ndotnet test FastStream.sln -c Release\n", readme, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(Tree.Root, "samples/LogMonitor/LogMonitor.csproj")));
    }

    [Fact]
    public void Links_InDocuments_LeadToFiles()
    {
        var broken =
            from file in Tree.Files(".md", "docs", "perf-results", "samples", "bench").Append("README.md").Append("CONTRIBUTING.md")
                     from Match link in Link().Matches(Tree.Read(file))
                     let target = link.Groups[1].Value.Split('#')[0]
                     where target.Length > 0 && !target.Contains("://", StringComparison.Ordinal)
                     let path = Path.Combine(Tree.Root, Path.GetDirectoryName(file)!, target)
                     where !File.Exists(path) && !Directory.Exists(path)
                     select $"{file} links to {target}, which is not there";
        Assert.Equal([], broken);
    }

    [Fact]
    public async Task Example_FedByASocket_PrintsErrorsAndCounts()
    {
        using TcpListener listener = SampleProcess.Listen(out int port);
        using var sample = new SampleProcess("FirstMinute", port.ToString(CultureInfo.InvariantCulture));
        using TcpClient client = await listener.AcceptTcpClientAsync();
        await client.GetStream().WriteAsync("ERROR hi-1\nmsg\nERROR hi-3\n"u8.ToArray());

        await sample.ReadUntilAsync(line => line == "(msg,1)" || line == "(hi-3,1)");
        sample.Interrupt();
        int exitCode = await sample.WaitAsync();

        Assert.Equal(0, exitCode);
        Assert.Matches(@"Time: \d+ ms\n-{43}\nERROR hi-1\nERROR hi-3\n\n", sample.Output);
        Assert.Contains("(ERROR,2)\n", sample.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Example_Terminated_EndsWell()
    {
        using TcpListener listener = SampleProcess.Listen(out int port);
        using var sample = new SampleProcess("FirstMinute", port.ToString(CultureInfo.InvariantCulture));
        using TcpClient client = await listener.AcceptTcpClientAsync();
        await client.GetStream().WriteAsync("ERROR once\n"u8.ToArray());
        await sample.ReadUntilAsync(line => line == "(once,1)");
        sample.Terminate();

        Assert.Equal(0, await sample.WaitAsync());
        Assert.Equal("", sample.Errors);
    }

    [GeneratedRegex("```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex CodeBlock();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();
}
