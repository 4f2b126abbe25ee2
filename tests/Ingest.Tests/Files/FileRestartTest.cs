namespace FastStream.Tests;

/// <summary>A directory that files are moved into, and runs that go on one after the other on one checkpoint directory.</summary>
public abstract class FileRestartTest : FileSourceTest
{
    /// <summary>A run that goes on from the one before.</summary>
    /// <param name="second">When it starts, in seconds after the first one.</param>
    /// <param name="options">The source's options.</param>
    /// <param name="saves">Whether every batch makes a checkpoint; else the first start's is the only one, and all
    /// batches since then run again for the states.</param>
    /// <param name="output">Gets each batch, and may fail.</param>
    /// <param name="streaming">Other options.</param>
    private protected InputRun<string> Run(int second, FileSourceOptions? options = null, bool saves = false,
        Action<string[]>? output = null, StreamingOptions? streaming = null) =>
        InputRun<string>.Start(
            context => context.TextFileStream(Folder, options).Map(line => line.ToString()),
            Options(saves, streaming),
            ClockAt(second),
            output: output);

    protected static ManualTimeProvider ClockAt(int second) => new(DateTimeOffset.FromUnixTimeMilliseconds(Start).AddSeconds(second));

    protected StreamingOptions Options(bool saves = false, StreamingOptions? streaming = null) =>
        (streaming ?? new StreamingOptions { Partitions = 3, BlockSizeBytes = 4096, MaxBufferedBytes = 1 << 20 }) with
        {
            Checkpoint = new CheckpointOptions
                { Directory = Checkpoints, Interval = saves ? TimeSpan.FromMilliseconds(1) : TimeSpan.FromDays(1) },
        };

    /// <summary>Fails every batch that has records.</summary>
    protected static void FailWhereThereAreRecords(string[] records)
    {
        if (records.Length > 0)
        {
            throw new IOException("The output fails.");
        }
    }

    /// <summary>Tries to start a run, which is refused; gives the message.</summary>
    private protected string Refuse(int second, FileSourceOptions? options = null) =>
        Assert.Throws<InvalidDataException>(() => Run(second, options)).Message;
}
