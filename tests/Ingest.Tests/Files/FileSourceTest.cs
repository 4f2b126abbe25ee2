namespace FastStream.Tests;

/// <summary>A directory that files are moved into, and a source that reads from it on a manual clock.</summary>
public abstract class FileSourceTest : IDisposable
{
    protected const long Start = 1_700_000_000_000;   // when each test's clock begins, in ms

    protected string Folder { get; } = Directory.CreateTempSubdirectory("faststream-files-").FullName;

    /// <summary>Where a run that goes on keeps its batches.</summary>
    protected string Checkpoints { get; } = Directory.CreateTempSubdirectory("faststream-checkpoints-").FullName;

    public void Dispose()
    {
        Directory.Delete(Checkpoints, recursive: true);
        Directory.Delete(Folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    protected string PathOf(string name) => Path.Combine(Folder, name);

    /// <summary>Writes a file beside the directory and moves it in, with a modification time.</summary>
    protected string Put(string name, string content, long modifiedMs)
    {
        string outside = Path.GetTempFileName();
        File.WriteAllText(outside, content);
        File.SetLastWriteTimeUtc(outside, DateTimeOffset.FromUnixTimeMilliseconds(modifiedMs).UtcDateTime);
        string path = PathOf(name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.Move(outside, path, overwrite: true);
        return path;
    }

    /// <summary>
    /// Puts three files where a batch takes one at most, and runs the first one's batch; gives the path of the second,
    /// which waits.
    /// </summary>
    private protected async Task<string> TakeFirstOfThreeAsync(InputRun<string> run)
    {
        Put("a", "a\n", Start + 100);
        string second = Put("b", "b\n", Start + 200);
        Put("c", "c\n", Start + 300);
        Assert.Equal(["a"], await run.TickAsync());
        return second;
    }

    private protected InputRun<string> Run(FileSourceOptions? options = null, string? pattern = null,
        StreamingOptions? streaming = null, long startMs = Start, long intervalMs = 1000) =>
        InputRun<string>.Start(
            context => context.TextFileStream(pattern ?? Folder, options).Map(line => line.ToString()),
            streaming ?? new StreamingOptions { Partitions = 3, BlockSizeBytes = 4096, MaxBufferedBytes = 1 << 20 },
            new ManualTimeProvider(DateTimeOffset.FromUnixTimeMilliseconds(startMs)),
            TimeSpan.FromMilliseconds(intervalMs));
}
