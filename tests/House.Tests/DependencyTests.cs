using System.Xml.Linq;

namespace FastStream.Tests.House;

/// <summary>
/// Who may depend on whom: everything on Core, Core on nothing, siblings never on one another; the tool is above them
/// all.
/// </summary>
public sealed class DependencyTests
{
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Cli"] = ["Core", "Dashboard", "Ingest", "Spectre.Console", "System.CommandLine"],
        ["Core"] = [],
        ["Dashboard"] = ["Hosting"],
        ["Hosting"] = ["Core", "Microsoft.Extensions.Diagnostics.HealthChecks",
            "Microsoft.Extensions.Hosting.Abstractions", "Microsoft.Extensions.Options.ConfigurationExtensions"],
        ["Ingest"] = ["Core", "CommunityToolkit.HighPerformance"],
        ["State"] = ["Core", "Microsoft.FASTER.Core", "System.IO.Hashing", "System.Linq.Async"],
        ["Kafka"] = ["Core", "Confluent.Kafka", "librdkafka.redist"],
        ["TestKit"] = ["Core"],
    };

    [Fact]
    public void Projects_InSource_DependOnlyOnWhatTheirRoomAllows()
    {
        string[] found = Tree.Files(".csproj", "src").ToArray();
        Assert.Equal(Allowed.Keys.Order(), found.Select(Room).Order());
        foreach (string project in found)
        {
            string[] needs = References(project).ToArray();
            Assert.All(needs, need => Assert.True(
                Allowed[Room(project)].Contains(need),
                $"{project} depends on {need}; allowed are: {string.Join(", ", Allowed[Room(project)])}. See docs/ARCHITECTURE.md."));
        }
    }

    // What a sibling needs of Core anybody may need: it is public, and nobody's favour. Tests and benchmarks look inside.
    [Fact]
    public void Projects_InSource_SeeNoInternalsOfOneAnother()
    {
        string[] inside =
        [
            .. from project in Tree.Files(".csproj", "src")
               from element in XDocument.Parse(Tree.Read(project)).Descendants("InternalsVisibleTo")
               let friend = element.Attribute("Include")!.Value
               where !friend.EndsWith(".Tests", StringComparison.Ordinal)
               where !friend.StartsWith("FastStream.Bench.", StringComparison.Ordinal)
               select $"{project} shows its internals to {friend}; only tests and benchmarks may see them",
            .. from file in Tree.Files(".cs", "src")
               where Tree.Read(file).Contains("InternalsVisibleTo", StringComparison.Ordinal)
               select $"{file} names InternalsVisibleTo; friends are in the project files, where this test reads them",
        ];
        Assert.Equal([], inside);
    }

    [Fact]
    public void Versions_OfPackages_AreInOnePlace()
    {
        foreach (string project in Tree.Files(".csproj", "src", "tests", "bench", "samples"))
        {
            XDocument file = XDocument.Parse(Tree.Read(project));
            Assert.All(file.Descendants("PackageReference"), reference =>
                Assert.True(reference.Attribute("Version") is null,
                    $"{project} gives a version of {reference.Attribute("Include")?.Value}; versions are in Directory.Packages.props"));
        }
    }

    [Fact]
    public void Solution_AnyProject_IsInIt()
    {
        string solution = Tree.Read("FastStream.sln").Replace('\\', '/');
        Assert.All(Tree.Files(".csproj", "src", "tests", "bench", "samples"),
            project => Assert.Contains(project, solution, StringComparison.Ordinal));
    }

    [Fact]
    public void Stranger_AnyProject_SeesOnlyWhatIsPublic()
    {
        const string Stranger = "tests/Stranger.Tests/FastStream.Stranger.Tests.csproj";
        Assert.All(Tree.Files(".csproj", "src"), project => Assert.DoesNotContain(
            XDocument.Parse(Tree.Read(project)).Descendants("InternalsVisibleTo"),
            friend => friend.Attribute("Include")!.Value.Contains("Stranger", StringComparison.Ordinal)));
        Assert.All(Tree.Files(".cs", "src"),
            file => Assert.DoesNotContain("InternalsVisibleTo", Tree.Read(file), StringComparison.Ordinal));
        XDocument stranger = XDocument.Parse(Tree.Read(Stranger));
        string[] packages = [.. stranger.Descendants("PackageReference")
            .Select(reference => reference.Attribute("Include")!.Value["FastStream.".Length..])];
        Assert.Equal(stranger.Descendants("ProjectReference")
            .Select(reference => Room(reference.Attribute("Include")!.Value.Replace("../", "", StringComparison.Ordinal))), packages);
        Assert.Empty(stranger.Descendants("Compile"));   // no file of ours that sees more is linked in
    }

    private static string Room(string project) => project.Split('/')[1];

    private static IEnumerable<string> References(string project)
    {
        XDocument file = XDocument.Parse(Tree.Read(project));
        return file.Descendants("ProjectReference")
            .Select(reference =>
                Room("src/" + reference.Attribute("Include")!.Value.Replace('\\', '/').Replace("../", "", StringComparison.Ordinal)))
            .Concat(file.Descendants("PackageReference").Select(reference => reference.Attribute("Include")!.Value));
    }
}
