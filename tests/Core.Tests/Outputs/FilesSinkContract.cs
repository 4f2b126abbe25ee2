namespace FastStream.Tests.Core.Outputs;

/// <summary>The files of SaveAsFiles, and a directory below the one that is given.</summary>
public sealed class FilesSinkContract : SinkContract<int>, IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public Task FilesSink_AnySteps_KeepsTheContract() => CheckAsync();

    protected override Sink<int> NewSink() =>
        new FilesSink<int>(new LocalDirectory(_directory.Path), "deep/numbers", new TextFormat<int>(), "txt");

    protected override IReadOnlyList<int> Read() =>
        [.. _directory.Files()
            .Where(file => file.Key.Contains("/part-", StringComparison.Ordinal) && !file.Key.Contains("/.", StringComparison.Ordinal))
                .SelectMany(file => file.Value.Split('\n', StringSplitOptions.RemoveEmptyEntries)).Select(int.Parse)];

    protected override int Record(int number) => number;

    // A directory of somebody else's stands where the batches' directories should be made.
    protected override IDisposable? Break()
    {
        string deep = _directory.File("deep");
        Directory.Move(deep, deep + ".aside");
        File.WriteAllText(deep, "");
        return new Mended(deep);
    }

    private sealed class Mended(string deep) : IDisposable
    {
        public void Dispose()
        {
            File.Delete(deep);
            Directory.Move(deep + ".aside", deep);
        }
    }
}
