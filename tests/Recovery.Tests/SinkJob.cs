using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;

namespace FastStream.Tests.Recovery;

/// <summary>The program with sinks that the tests kill: the same numbers in a file for each batch, by a sink in two phases, and
/// in one file, by a sink that keeps how long it is.</summary>
internal static class SinkJob
{
    public const string Name = "sinks";

    /// <param name="args">The folder, and what <see cref="Job.Prepare"/> takes.</param>
    public static async Task<int> RunAsync(string[] args)
    {
        string folder = args[0];
        var options = new StreamingOptions { BatchInterval = Job.Interval, Partitions = 2 };
        options = options with
            { Checkpoint = new CheckpointOptions { Directory = Path.Combine(folder, "state"), Interval = 3 * Job.Interval } };
        await using var context = new StreamingContext(options);
        var numbers = new NumberStream(context);
        numbers.WriteTo(new HeldFiles(Path.Combine(folder, "held")));
        numbers.WriteTo(new OneFile(Path.Combine(folder, "one")));
        Countdown done = Job.Prepare(context, args[1..]);
        context.Start();
        await Task.WhenAny(done.Reached, context.Completion);
        await context.StopAsync();
        await context.Completion;
        return 0;
    }
}

/// <summary>A file for each batch, in two phases: <c>1000.writing</c>, <c>1000.prepared</c>, <c>1000.done</c>.</summary>
internal sealed class HeldFiles(string directory) : Sink<long>
{
    protected internal override bool IsTransactional => true;

    protected internal override ValueTask OpenAsync(SinkContext context, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(directory);
        return ValueTask.CompletedTask;
    }

    protected internal override ValueTask<IReadOnlyList<BatchTime>> FindPreparedAsync(CancellationToken cancellationToken) =>
        new([.. Directory.EnumerateFiles(directory, "*.prepared")
            .Select(path => new BatchTime(long.Parse(Path.GetFileNameWithoutExtension(path), CultureInfo.InvariantCulture)))]);

    protected internal override ValueTask WriteAsync(Batch<long> batch, CancellationToken cancellationToken)
    {
        using FileStream file = File.Create(PathOf(batch.Time, "writing"));
        using (var writer = new StreamWriter(file, leaveOpen: true))
        {
            foreach (long number in batch)
            {
                writer.WriteLine(number);
            }
        }

        DurableFile.Flush(file.SafeFileHandle, file.Name);
        return ValueTask.CompletedTask;
    }

    protected internal override ValueTask PrepareAsync(BatchTime time, CancellationToken cancellationToken)
    {
        File.Move(PathOf(time, "writing"), PathOf(time, "prepared"));
        DurableFile.FlushDirectory(directory);
        return ValueTask.CompletedTask;
    }

    protected internal override ValueTask PublishAsync(BatchTime time, CancellationToken cancellationToken)
    {
        if (!File.Exists(PathOf(time, "done")))
        {
            File.Move(PathOf(time, "prepared"), PathOf(time, "done"));
        }

        DurableFile.FlushDirectory(directory);
        return ValueTask.CompletedTask;
    }

    protected internal override ValueTask AbortAsync(BatchTime time, CancellationToken cancellationToken)
    {
        File.Delete(PathOf(time, "writing"));
        File.Delete(PathOf(time, "prepared"));
        return ValueTask.CompletedTask;
    }

    private string PathOf(BatchTime time, string kind) =>
        Path.Combine(directory, string.Create(CultureInfo.InvariantCulture, $"{time.Milliseconds}.{kind}"));
}

/// <summary>One file, which begins again where the last batch that is done has ended.</summary>
internal sealed class OneFile(string path) : Sink<long>
{
    private FileStream? _file;
    private long _position;

    protected internal override ValueTask OpenAsync(SinkContext context, CancellationToken cancellationToken)
    {
        _file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write);
        _file.SetLength(_position);
        _file.Seek(0, SeekOrigin.End);
        return ValueTask.CompletedTask;
    }

    protected internal override ValueTask WriteAsync(Batch<long> batch, CancellationToken cancellationToken)
    {
        using (var writer = new StreamWriter(_file!, leaveOpen: true))
        {
            foreach (long number in batch)
            {
                writer.WriteLine(number);
            }
        }

        DurableFile.Flush(_file!.SafeFileHandle, path);
        return ValueTask.CompletedTask;
    }

    protected internal override void SavePosition(IBufferWriter<byte> output)
    {
        BinaryPrimitives.WriteInt64LittleEndian(output.GetSpan(sizeof(long)), _file!.Length);
        output.Advance(sizeof(long));
    }

    protected internal override void LoadPosition(ReadOnlySpan<byte> saved) => _position = BinaryPrimitives.ReadInt64LittleEndian(saved);

    protected internal override ValueTask CloseAsync() => _file?.DisposeAsync() ?? ValueTask.CompletedTask;
}
