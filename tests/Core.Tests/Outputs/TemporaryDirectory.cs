namespace FastStream.Tests.Core.Outputs;

/// <summary>A directory for one test.</summary>
internal sealed class TemporaryDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("faststream-").FullName;

    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>All files under it, by name relative to it, with their text.</summary>
    public IReadOnlyDictionary<string, string> Files() =>
        Directory.EnumerateFiles(Path, "*", SearchOption.AllDirectories)
            .ToDictionary(file => System.IO.Path.GetRelativePath(Path, file).Replace('\\', '/'), System.IO.File.ReadAllText);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
