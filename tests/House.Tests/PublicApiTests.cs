using PublicApiGenerator;

namespace FastStream.Tests.House;

/// <summary>
/// What users can call is written down, so that a review sees each change of it: <c>docs/api</c> has a page for each
/// assembly.
/// </summary>
public sealed class PublicApiTests
{
    private const string Update = "FASTSTREAM_UPDATE_API";

    private static readonly ApiGeneratorOptions Options = new() { IncludeAssemblyAttributes = false };

    public static TheoryData<string> Assemblies =>
        ["FastStream.Core", "FastStream.Dashboard", "FastStream.Hosting", "FastStream.Ingest", "FastStream.Kafka",
            "FastStream.State", "FastStream.TestKit"];

    [Theory]
    [MemberData(nameof(Assemblies))]
    public void PublicApi_AnyAssembly_IsAsWrittenDown(string assembly)
    {
        string found = System.Reflection.Assembly.Load(assembly).GeneratePublicApi(Options).ReplaceLineEndings("\n") + "\n";
        string page = Path.Combine(Tree.Root, "docs", "api", assembly + ".txt");
        if (Environment.GetEnvironmentVariable(Update) is not null)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(page)!);
            File.WriteAllText(page, found);
        }

        string[] expected = File.Exists(page) ? File.ReadAllLines(page) : [];
        string[] lines = found.TrimEnd('\n').Split('\n');
        string[] changes = [.. expected.Except(lines).Select(line => $"- {line.Trim()}"),
            .. lines.Except(expected).Select(line => $"+ {line.Trim()}")];
        Assert.True(
            expected.SequenceEqual(lines),
            $"The public API of {assembly} is not what docs/api/{assembly}.txt says. Where the change is meant, run "
                + $"this test with {Update}=1 and commit the page; a line for CHANGELOG.md belongs to it.\n"
            + string.Join('\n', changes));
    }
}
