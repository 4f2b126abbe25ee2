using System.Text;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace FastStream.Tests.House.Examples;

/// <summary>
/// Every block of C# on a page of the documentation compiles. A block may use the names that blocks above it on its page declare, and those of <see cref="Vocabulary"/>.
/// </summary>
public sealed partial class PageTests
{
    private static readonly string[] Pages = ["README.md", "docs/README.md", .. Tree.Files(".md", "docs/guide")];

    [Fact]
    public void Blocks_OfEveryPage_Compile()
    {
        string[] pages = [.. Pages.Select(page => Page(page, Tree.Read(page)))];
        Assert.Equal("", string.Join("\n", ExampleCompiler.Errors(string.Concat(pages))));
    }

    [Fact]
    public void Guide_EveryPageThatTeachesCode_HasBlocks() =>
        Assert.Equal([], from page in Tree.Files(".md", "docs/guide")
                         where Path.GetFileName(page) is not "dashboard.md" && !Block().IsMatch(Tree.Read(page))
                         select $"{page} has no ```csharp block");

    [Fact]
    public void Block_ThatIsWrong_IsFoundWithPageAndLine()
    {
        string page = Page("wrong.md", "One\n```csharp\nvar all = lines;\n```\n\n```csharp\nall.Fliter(line => line.IsEmpty);\n```\n");
        string error = Assert.Single(ExampleCompiler.Errors(page));
        Assert.StartsWith("wrong.md: (6,", error, StringComparison.Ordinal);   // counted from 0
        Assert.Contains("Fliter", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Block_ThatUsesNamesOfEarlierOnes_Compiles() =>
        Assert.Equal([], ExampleCompiler.Errors(Page("page.md", """
            ```csharp
            using System.Globalization;

            DStream<int> twice = numbers.Map(number => number * 2);
            sealed record Twin(int First);
            ```
            ```csharp
            twice.Map(number => new Twin(number).First.ToString(CultureInfo.InvariantCulture)).Print();
            ```
            ```csharp
            DStream<long> twice = numbers.Map(number => number * 2L);
            twice.Print();
            ```

            """)));

    // Types of a page stand in a namespace of its own. The statements of each block stand in a function inside the function of the block above it:
    // there they see its variables, and may declare the same names anew.
    private static string Page(string name, string text)
    {
        var usings = new StringBuilder();
        var types = new StringBuilder();
        var statements = new StringBuilder();
        int blocks = 0;
        foreach (Match block in Block().Matches(text))
        {
            int line = text[..block.Groups[1].Index].Count(c => c == '\n');
            string code = block.Groups[1].Value;
            var syntax = (CompilationUnitSyntax)ExampleCompiler.Parse(code).GetRoot();
            usings.AppendJoin("", syntax.Usings.Select(directive => directive.ToFullString()));
            statements.Append($"async Task Block{blocks++}()\n{{\nawait Task.CompletedTask;\n");
            foreach (MemberDeclarationSyntax member in syntax.Members)
            {
                StringBuilder part = member is GlobalStatementSyntax ? statements : types;
                part.Append($"#line {line + code[..member.FullSpan.Start].Count(c => c == '\n') + 1} \"{name}\"\n{member.ToFullString()}\n");
            }
        }

        string page = Regex.Replace(name, "[^A-Za-z0-9]", "_");
        return $"namespace Pages.{page}\n{{\n{usings}\n{types}\nsealed class Blocks : Vocabulary\n{{\n{statements}{new string('}', blocks)}\n}}\n}}\n#line default\n";
    }

    [GeneratedRegex("^```csharp\n(.*?)^```", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Block();
}
