using System.Text.Json;
using FastStream.Cli;

namespace FastStream.Tests.Cli;

/// <summary>The tool in this process, with what it prints.</summary>
internal sealed class Tool
{
    private readonly StringWriter _out = new() { NewLine = "\n" };
    private readonly StringWriter _errors = new() { NewLine = "\n" };

    public string Out => _out.ToString();

    public string Errors => _errors.ToString();

    public int Code { get; private set; }

    /// <summary>What it printed, one JSON object a line.</summary>
    public JsonElement[] JsonLines() => [.. Out.TrimEnd().Split('\n').Select(line => JsonDocument.Parse(line).RootElement)];

    /// <summary>Runs one command line, to its end.</summary>
    public static async Task<Tool> RunAsync(params string[] args)
    {
        var tool = new Tool();
        tool.Code = await FastStreamTool
            .RunAsync(args, new CommandOutput(tool._out, tool._errors, isTerminal: false), CancellationToken.None);
        return tool;
    }
}
