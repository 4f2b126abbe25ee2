namespace FastStream.Tests.House.Guide;

/// <summary>What the guide calls a test, or writes with more than a few lines, is a file here: it runs.</summary>
public sealed class GuideTests
{
    [Fact]
    public void Examples_ThatRun_AreInTheGuideToTheLetter()
    {
        string guide = string.Concat(Tree.Files(".md", "docs/guide").Select(Tree.Read));
        string[] files =
        [
            .. Tree.Files(".cs", "tests/House.Tests/Guide")
                .Where(file => !file.EndsWith("GuideTests.cs", StringComparison.Ordinal)),
        ];
        Assert.NotEmpty(files);
        Assert.Equal([], files.Where(file => !guide.Contains($"```csharp\n{Body(file)}```", StringComparison.Ordinal)));
    }

    // All that follows the namespace.
    private static string Body(string file)
    {
        string text = Tree.Read(file);
        int place = text.IndexOf("namespace ", StringComparison.Ordinal);
        return text[(text.IndexOf(";\n\n", place, StringComparison.Ordinal) + 3)..];
    }
}
