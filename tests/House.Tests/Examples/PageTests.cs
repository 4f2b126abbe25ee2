using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace FastStream.Tests.House.Examples;

/// <summary>
/// Every block of C# on a page of the documentation compiles. A block may use the names that blocks above it on its
/// page declare, and those of
/// <see cref="Vocabulary"/>.
/// </summary>
public sealed partial class PageTests
{
    private static readonly string[] Pages = ["README.md", "docs/recovery.md", "docs/lifecycle.md", .. Tree.Files(".md", "docs/guide")];

    [Fact]
    public void Blocks_OfEveryPage_Compile()
    {
        string[] errors = ExampleCompiler.Errors(string.Concat(Pages.Select(page => Page(page, Tree.Read(page)))));
        Assert.True(errors.Length == 0, string.Join("\n", errors));
    }

    [Fact]
    public void Guide_EveryPageThatTeachesCode_HasBlocks() =>
        Assert.Equal([], from page in Tree.Files(".md", "docs/guide")
                         where Path.GetFileName(page) is not "dashboard.md" && !Code(Tree.Read(page)).Any()
                         select $"{page} has no ```csharp block");

    [Fact]
    public void Links_ToHeadings_LeadToHeadings()
    {
        var broken = from file in Tree.Files(".md", "docs").Append("README.md")
                     from Match link in Link().Matches(Tree.Read(file))
                     let page = link.Groups[1].Value.Length == 0 ? file : Path.Combine(Path.GetDirectoryName(file)!, link.Groups[1].Value)
                     where !Headings(Tree.Read(page)).Contains(link.Groups[2].Value, StringComparer.Ordinal)
                     select $"{file} links to #{link.Groups[2].Value} of {page}, which has no such heading";
        Assert.Equal([], broken);

        // As GitHub makes them of headings.
        static IEnumerable<string> Headings(string text) =>
            from Match heading in Heading().Matches(text)
            select Regex.Replace(heading.Groups[1].Value.ToLowerInvariant(), "[^a-z0-9 _-]", "").Replace(' ', '-');
    }

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

    [Fact]
    public void Example_InATableThatIsWrong_IsFound()
    {
        const string Table = "| operator | example |\n|---|---|\n| `Map` | `lines.Map(line => line.Wrong)` |\n";
        Assert.Single(ExampleCompiler.Errors(Page("wrong.md", Table)));
    }

    [Fact]
    public void Guide_NamesEveryOperatorSourceAndOutput()
    {
        string guide = string.Concat(Tree.Files(".md", "docs/guide").Select(Tree.Read));
        Type[] firsts = [typeof(DStream<>), typeof(StreamingContext), typeof(MapWithStateStream<,,>)];
        Type[] inAssemblies = [typeof(StreamingContext), typeof(SocketSourceOptions), typeof(KafkaSourceOptions)];
        var names = from assembly in inAssemblies.Select(type => type.Assembly)
                    from type in assembly.GetExportedTypes()
                    where type is { IsAbstract: true, IsSealed: true }
                    from method in type.GetMethods(BindingFlags.Public | BindingFlags.Static)
                    where method.IsDefined(typeof(ExtensionAttribute))
                    let first = method.GetParameters()[0].ParameterType
                    where firsts.Contains(first.IsGenericType ? first.GetGenericTypeDefinition() : first)
                    select method.Name;
        string[] all = [.. names.Distinct().Order(StringComparer.Ordinal)];
        Assert.True(all.Length > 60, $"Only {all.Length} were found.");
        Assert.Equal([], all.Where(name => !Regex.IsMatch(guide, $@"\b{name}\b")));
    }

    // Types of a page stand in a namespace of its own. The statements of each block stand in a function inside the
    // function of the block above it: there they see its variables, and may declare the same names anew. An expression
    // of a table stands in the function of the block above.
    private static string Page(string name, string text)
    {
        var usings = new StringBuilder();
        var types = new StringBuilder();
        var statements = new StringBuilder("async Task Page()\n{\nawait Task.CompletedTask;\n");
        int functions = 1;
        foreach ((int line, string code, bool isBlock) in Code(text))
        {
            if (!isBlock)
            {
                statements.Append($"#line {line} \"{name}\"\n_ = {code};\n");
                continue;
            }

            var syntax = (CompilationUnitSyntax)ExampleCompiler.Parse(code).GetRoot();
            usings.AppendJoin("", syntax.Usings.Select(directive => directive.ToFullString()));
            statements.Append($"async Task Block{functions++}()\n{{\nawait Task.CompletedTask;\n");
            foreach (MemberDeclarationSyntax member in syntax.Members)
            {
                StringBuilder part = member is GlobalStatementSyntax ? statements : types;
                part.Append($"#line {line + code[..member.FullSpan.Start].Count(c => c == '\n')} \"{name}\"\n{member.ToFullString()}\n");
            }
        }

        string page = Regex.Replace(name, "[^A-Za-z0-9]", "_");
        string blocks = $"sealed class Blocks : Vocabulary\n{{\n{statements}{new string('}', functions)}\n}}\n";
        return $"namespace Pages.{page}\n{{\n{usings}\n{types}\n{blocks}}}\n#line default\n";
    }

    // The page's blocks of C#, and the last cells of tables whose last column is "example", with the number of their first line.
    private static IEnumerable<(int Line, string Code, bool IsBlock)> Code(string text)
    {
        string[] lines = text.Split('\n');
        bool inExamples = false;
        for (int i = 0; i < lines.Length; i++)
        {
            if (lines[i] == "```csharp")
            {
                int first = i + 1;
                int end = Array.IndexOf(lines, "```", first);
                yield return (first + 1, string.Concat(lines[first..end].Select(line => line + "\n")), true);
                i = end;
            }
            else if (inExamples && Cell().Match(lines[i]) is { Success: true } cell)
            {
                yield return (i + 1, cell.Groups[1].Value, false);
            }

            inExamples = lines[i].StartsWith('|') && (inExamples || lines[i].EndsWith("| example |", StringComparison.Ordinal));
        }
    }

    [GeneratedRegex("`([^`]+)` \\|$")]
    private static partial Regex Cell();

    [GeneratedRegex(@"\]\(([^)\s#:]*)#([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex("^#+ (.*)$", RegexOptions.Multiline)]
    private static partial Regex Heading();
}
