using System.Globalization;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace FastStream.Tests.House.Examples;

/// <summary>Compiles what the documentation shows, against all of FastStream's libraries and <see cref="Vocabulary"/>.</summary>
internal static class ExampleCompiler
{
    /// <summary>The namespaces that every example may use.</summary>
    public const string Usings = """
        using System; using System.Buffers; using System.Buffers.Binary;
        using System.Collections.Concurrent; using System.Collections.Generic;
        using System.IO; using System.Linq; using System.Net; using System.Net.Sockets; using System.Reactive.Linq; using System.Text;
        using System.Threading; using System.Threading.Channels; using System.Threading.Tasks; using System.Threading.Tasks.Dataflow;
        using FastStream; using Microsoft.AspNetCore.Builder; using Microsoft.AspNetCore.Http; using Microsoft.Extensions.DependencyInjection;
        using FastStream.Tests.House.Examples; using Xunit;

        """;

    private static readonly CSharpParseOptions Language = new(LanguageVersion.Preview);

    /// <summary>The syntax of a file, or of a piece of one that begins at a line of another file.</summary>
    public static SyntaxTree Parse(string code) => CSharpSyntaxTree.ParseText(code, Language);

    /// <summary>The errors of a file that begins with <see cref="Usings"/>, one a line; empty if it compiles.</summary>
    public static string[] Errors(string code)
    {
        string[] assemblies = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator);
        return [.. CSharpCompilation.Create(
                "Examples",
                [Parse(Usings + code)],
                assemblies.Select(path => MetadataReference.CreateFromFile(path)),
                new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary))
            .GetDiagnostics()
            .Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error)
            .Select(each => $"{each.Location.GetMappedLineSpan()}: {each.GetMessage(CultureInfo.InvariantCulture)}")];
    }
}
