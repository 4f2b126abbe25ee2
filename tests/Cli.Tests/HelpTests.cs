using System.CommandLine;
using FastStream.Cli;

namespace FastStream.Tests.Cli;

/// <summary>The help of each command is as it is written down in <c>Help</c>, so that a review sees what changes for users.</summary>
public sealed class HelpTests
{
    private const string Update = "FASTSTREAM_UPDATE_HELP";

    public static TheoryData<string> Commands
    {
        get
        {
            Command root = FastStreamTool.Make(new CommandOutput(TextWriter.Null, TextWriter.Null, isTerminal: false));
            return [.. Paths(root, "")];
        }
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task Help_AnyCommand_IsAsWrittenDown(string command)
    {
        Tool tool = await Tool.RunAsync([.. command.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--help"]);
        string found = tool.Out.ReplaceLineEndings("\n");
        string page = Path.Combine(Folder(), (command.Length == 0 ? "faststream" : command.Replace(' ', '-')) + ".txt");
        if (Environment.GetEnvironmentVariable(Update) is not null)
        {
            Directory.CreateDirectory(Folder());
            File.WriteAllText(page, found);
        }

        string expected = File.Exists(page) ? File.ReadAllText(page) : "";
        Assert.True(expected == found,
            $"The help of `faststream {command}` is not what {page} says. Where the change is meant, run this test "
            + $"with {Update}=1 and commit the page. Found:\n{found}");
    }

    [Fact]
    public async Task Version_Asked_IsPrinted()
    {
        Tool tool = await Tool.RunAsync("--version");
        Assert.Matches(@"^\d+\.\d+\.\d+", tool.Out);
    }

    [Fact]
    public async Task Command_Unknown_EndsWithTwo()
    {
        Tool tool = await Tool.RunAsync("runn");
        Assert.Equal(ExitCode.Usage, tool.Code);
        Assert.EndsWith("`faststream --help` says what is expected.\n", tool.Errors, StringComparison.Ordinal);
    }

    private static IEnumerable<string> Paths(Command command, string path) =>
        command.Subcommands.SelectMany(each => Paths(each, $"{path} {each.Name}".Trim())).Prepend(path);

    // Paths of source files are not real ones in builds of CI; the folder that holds the solution is above the built tests.
    private static string Folder()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "FastStream.sln")))
        {
            folder = folder.Parent
                ?? throw new DirectoryNotFoundException(
                    "FastStream.sln was not found above the tests; run them from a build inside the repository.");
        }

        return Path.Combine(folder.FullName, "tests", "Cli.Tests", "Help");
    }
}
