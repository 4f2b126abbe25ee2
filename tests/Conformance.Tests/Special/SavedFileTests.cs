using System.Text.Json;

namespace FastStream.Tests.Conformance.Special;

/// <summary>What <c>SaveAsTextFiles</c> leaves in a directory, but for Hadoop's checksums.</summary>
public sealed class SavedFileTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("faststream-").FullName;

    public static TheoryData<string> Runnable => SpecialCase.Runnable("saveAsTextFiles");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [MemberData(nameof(Runnable))]
    public async Task SaveAsTextFiles_LeavesWhatSparkLeaves(string id)
    {
        SpecialCase special = SpecialCase.All[id];
        bool exists = special.Json.TryGetProperty("before", out JsonElement before);
        foreach (JsonProperty file in exists ? before.EnumerateObject() : default)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(_directory, file.Name))!);
            await File.WriteAllTextAsync(Path.Combine(_directory, file.Name), file.Value.GetString());
        }

        await using var scenario = new StreamScenario(new StreamTestOptions { Partitions = special.Number("partitions", 2) });
        scenario.Input(JsonSerializer.Deserialize<string[][]>(special.Json.GetProperty("batches"))!)
            .SaveAsTextFiles(special.Text("prefix").Replace("<dir>", _directory), special.Text("suffix"));
        await scenario.RunAsync();

        // A directory that is there is replaced here: its stale part is gone.
        var expected = special.Json.GetProperty("files").EnumerateObject()
            .Where(file => !file.Name.EndsWith(".crc", StringComparison.Ordinal)
                && !file.Name.EndsWith("part-00007", StringComparison.Ordinal))
            .Select(file => $"{file.Name}: {file.Value}").Order(StringComparer.Ordinal);
        var found = Directory.EnumerateFiles(_directory, "*", SearchOption.AllDirectories)
            .Select(file => $"{Path.GetRelativePath(_directory, file).Replace('\\', '/')}: {File.ReadAllText(file)}")
                .Order(StringComparer.Ordinal);
        Assert.Equal(expected, found);
    }

    [Fact]
    public void Names_FollowSpark()
    {
        foreach (JsonElement row in SpecialCase.All["batch-file-names"].Json.GetProperty("rows").EnumerateArray())
        {
            Assert.Equal(
                row.GetProperty("name").GetString(),
                DStreamOperators.NameOf(row.GetProperty("prefix").GetString(), row.GetProperty("suffix").GetString(),
                    new BatchTime(row.GetProperty("timeMs").GetInt64())));
        }
    }
}
