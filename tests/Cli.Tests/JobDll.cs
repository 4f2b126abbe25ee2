using System.Reflection;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace FastStream.Tests.Cli;

/// <summary>An assembly in a directory of its own, compiled of a text.</summary>
internal sealed class JobDll : IDisposable
{
    /// <summary>Three records, whose sum is printed; ends by itself where asked to.</summary>
    public const string ThreeNumbers = """
        using FastStream;
        sealed class ThreeNumbers : IStreamJob
        {
            public void Describe(StreamingContext context)
            {
                var numbers = new System.Collections.Concurrent.ConcurrentQueue<System.Collections.Generic.IReadOnlyList<int>>();
                context.AsyncEnumerableStream(Numbers()).Reduce((a, b) => a + b).Print();
            }

            static async System.Collections.Generic.IAsyncEnumerable<int> Numbers() { await System.Threading.Tasks.Task.Yield(); yield return 1; yield return 2; yield return 4; }
        }
        """;

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("faststream-cli-");

    public JobDll(string source, string? name = null, IEnumerable<MetadataReference>? more = null)
    {
        Path = System.IO.Path.Combine(_directory.FullName, (name ?? "Job" + Guid.NewGuid().ToString("N")) + ".dll");
        string[] trusted = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(System.IO.Path.PathSeparator);
        IEnumerable<MetadataReference> references =
            [.. trusted.Where(file => !System.IO.Path.GetFileName(file).StartsWith("FastStream.Cli", StringComparison.Ordinal)).Select(file => MetadataReference.CreateFromFile(file)), .. more ?? []];
        var compiled = CSharpCompilation.Create(
            System.IO.Path.GetFileNameWithoutExtension(Path),
            [CSharpSyntaxTree.ParseText(source)],
            references,
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary)).Emit(Path);
        Assert.True(compiled.Success, string.Join('\n', compiled.Diagnostics));
    }

    public string Path { get; }

    public void Dispose() => _directory.Delete(recursive: true);
}
