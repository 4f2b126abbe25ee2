namespace FastStream.Tests.House;

/// <summary>The sample that survives: it is what the guide shows, and it does what the guide says.</summary>
public sealed class WordsEverTests
{
    [Fact]
    public void Example_InGuide_IsTheSampleToTheLetter() =>
        Assert.StartsWith($"# Recovery\n\n```csharp\n{Tree.Read("samples/WordsEver/Program.cs")}```\n",
            Tree.Read("docs/recovery.md"), StringComparison.Ordinal);

    [Fact]
    public async Task Sample_KilledAndStartedAgain_CountsEveryWordOnce()
    {
        DirectoryInfo place = Directory.CreateTempSubdirectory("faststream-sample-");
        try
        {
            string folder = Path.Combine(place.FullName, "words");
            using (var first = new SampleProcess("WordsEver", folder))
            {
                await first.ReadUntilAsync(line => line.StartsWith("Time: ", StringComparison.Ordinal));
                await PutAsync(folder, "1.txt", "to be or not to be\n");
                await first.ReadUntilAsync(line => line == "(be,2)");
                await first.KillAsync();
            }

            await PutAsync(folder, "2.txt", "be that as it may\n");
            using (var second = new SampleProcess("WordsEver", folder))
            {
                await second.ReadUntilAsync(line => line == "(be,3)");
                second.Interrupt();
                Assert.Equal(0, await second.WaitAsync());
                Assert.DoesNotContain("(be,4)", second.Output, StringComparison.Ordinal);
            }

            // Terminated, it stops as well as interrupted.
            await PutAsync(folder, "3.txt", "let be\n");
            using var third = new SampleProcess("WordsEver", folder);
            await third.ReadUntilAsync(line => line == "(be,4)");
            third.Terminate();
            Assert.Equal(0, await third.WaitAsync());
            Assert.Equal("", third.Errors);
            Assert.DoesNotContain("(be,5)", third.Output, StringComparison.Ordinal);
        }
        finally
        {
            place.Delete(recursive: true);
        }
    }

    private static async Task PutAsync(string folder, string name, string text)
    {
        string aside = Path.Combine(folder, $".{name}");
        await File.WriteAllTextAsync(aside, text);
        File.Move(aside, Path.Combine(folder, name));
    }
}
