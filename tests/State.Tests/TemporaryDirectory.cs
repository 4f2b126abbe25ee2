namespace FastStream.Tests.State;

/// <summary>A directory that goes with its test.</summary>
internal sealed class TemporaryDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("faststream-state-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
