using System.Reflection;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace FastStream.Tests.Cli;

/// <summary>An assembly in a directory of its own, compiled of a text.</summary>
internal sealed class JobDll : IDisposable
{
    private const string Numbers =
        "static async System.Collections.Generic.IAsyncEnumerable<int> Numbers() { await "
            + "System.Threading.Tasks.Task.Yield(); yield return 1; yield return 2; yield return 4; }";

    /// <summary>A job that prints the sum of three numbers; its input ends.</summary>
    public static readonly string ThreeNumbers =
        Of("context.AsyncEnumerableStream(Numbers()).Reduce((a, b) => a + b).Print();", "ThreeNumbers");

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("faststream-cli-");

    public JobDll(string source, string? name = null, IEnumerable<MetadataReference>? more = null)
    {
        Path = System.IO.Path.Combine(_directory.FullName, (name ?? "Job" + Guid.NewGuid().ToString("N")) + ".dll");
        string[] trusted = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(System.IO.Path.PathSeparator);
        IEnumerable<MetadataReference> references =
            [.. trusted.Where(file => !System.IO.Path.GetFileName(file).StartsWith("FastStream.Cli", StringComparison.Ordinal))
                .Select(file => MetadataReference.CreateFromFile(file)), .. more ?? []];
        var compiled = CSharpCompilation.Create(
            System.IO.Path.GetFileNameWithoutExtension(Path),
            [CSharpSyntaxTree.ParseText(source)],
            references,
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary)).Emit(Path);
        Assert.True(compiled.Success, string.Join('\n', compiled.Diagnostics));
    }

    public string Path { get; }

    /// <summary>A job that describes what is given; <c>Numbers()</c> is 1, 2 and 4.</summary>
    public static string Of(string describe, string name = "TheJob") =>
        $$"""
        using FastStream;
        sealed class {{name}} : IStreamJob
        {
            public void Describe(StreamingContext context) { {{describe}} }
            {{Numbers}}
        }
        """;

    public void Dispose() => _directory.Delete(recursive: true);
}
