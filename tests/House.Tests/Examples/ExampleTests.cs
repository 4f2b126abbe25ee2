using System.Net;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace FastStream.Tests.House.Examples;

/// <summary>
/// Every example in the documentation of the code compiles. The words that examples take for granted are in
/// <see cref="Vocabulary"/>.
/// </summary>
public sealed partial class ExampleTests
{
    private const string Usings = """
        using System; using System.Buffers; using System.Buffers.Binary; using System.Collections.Generic; using System.Linq; using System.Net; using System.Reactive.Linq; using System.Threading;
        using System.Threading.Channels; using System.Threading.Tasks; using System.Threading.Tasks.Dataflow; using FastStream; using FastStream.Runtime;
        using Microsoft.AspNetCore.Builder; using Microsoft.Extensions.DependencyInjection; using FastStream.Tests.House.Examples; using Xunit;

        """;

    [Fact]
    public void Examples_InDocumentation_Compile()
    {
        string[] examples = [.. Tree.Files(".cs", "src").SelectMany(ExamplesOf)];
        Assert.True(examples.Length > 60,
            $"{examples.Length} examples were found; are they still written as <example><code>…</code></example>?");
        Assert.Equal([], Errors(Usings + string.Concat(examples)));
    }

    [Fact]
    public void Example_ThatIsWrong_IsFound() =>
        Assert.NotEmpty(Errors(Usings + Wrap("lines.Fliter(line => line.IsEmpty);", "some file", number: 1)));

    private static IEnumerable<string> ExamplesOf(string file)
    {
        string documentation =
            string.Join('\n', Tree.Read(file).Split('\n').Select(line => Comment().Match(line))
                .Where(comment => comment.Success).Select(comment => comment.Groups[1].Value));
        return Example().Matches(documentation)
            .Select((example, number) => Wrap(WebUtility.HtmlDecode(example.Groups[1].Value).Trim(), file, number));
    }

    // Statements stand in a method of a class of their own; what an example declares stands before them, or is the whole of it.
    private static string Wrap(string code, string file, int number)
    {
        string name = $"{Path.GetFileNameWithoutExtension(file).Replace(' ', '_')}_{number}";
        if (code.StartsWith("protected override", StringComparison.Ordinal))
        {
            return $"\nsealed class {name}(StreamingContext context) : Vocabulary.ReadingsInput(context)\n{{\n#line "
                + $"1 \"{file}\"\n{code}\n}}\n";
        }

        code += "\n";
        int declared = code.Contains(" class ", StringComparison.Ordinal) ? code.IndexOf("\n}\n", StringComparison.Ordinal) + 2 : 0;
        return $"\nsealed class {name} : Vocabulary\n{{\n{code[..declared]}\nasync Task Run()\n{{\nawait "
            + $"Task.CompletedTask;\n#line 1 \"{file}\"\n{code[declared..]}\n}}\n}}\n";
    }

    private static string[] Errors(string code)
    {
        IEnumerable<string> assemblies = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator);
        return [.. CSharpCompilation.Create(
                "Examples",
                [CSharpSyntaxTree.ParseText(code, new CSharpParseOptions(LanguageVersion.Preview))],
                assemblies.Select(path => MetadataReference.CreateFromFile(path)),
                new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary))
            .GetDiagnostics()
            .Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error)
            .Select(diagnostic =>
                $"{diagnostic.Location.GetMappedLineSpan()}: {diagnostic.GetMessage(System.Globalization.CultureInfo.InvariantCulture)}")];
    }

    [GeneratedRegex("^ *///(?: (.*))?$")]
    private static partial Regex Comment();

    [GeneratedRegex("<example>\\s*<code>(.*?)</code>\\s*</example>", RegexOptions.Singleline)]
    private static partial Regex Example();
}
