namespace FastStream.Tests.House.Guide;

/// <summary>A file for each batch. Readers see a file when its batch is committed, never before, and each once.</summary>
public sealed class FileSink(string directory) : Sink<string>
{
    protected override bool IsTransactional => true;

    protected override ValueTask OpenAsync(SinkContext context, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(directory);
        return ValueTask.CompletedTask;
    }

    // Where no reader looks: under a name that begins with a dot.
    protected override async ValueTask WriteAsync(Batch<string> batch, CancellationToken cancellationToken) =>
        await File.WriteAllLinesAsync(Hidden(batch.Time), batch, cancellationToken);

    // On the disk, and told apart from a file that is half written.
    protected override ValueTask PrepareAsync(BatchTime time, CancellationToken cancellationToken)
    {
        using (FileStream file = File.Open(Hidden(time), FileMode.Open))
        {
            DurableFile.Flush(file.SafeFileHandle, Hidden(time));
        }

        return MoveAsync(Hidden(time), Prepared(time));
    }

    // The commit record is on the disk: this must succeed, now or at the next start.
    protected override ValueTask PublishAsync(BatchTime time, CancellationToken cancellationToken) =>
        File.Exists(Prepared(time)) ? MoveAsync(Prepared(time), Final(time)) : ValueTask.CompletedTask;

    protected override ValueTask AbortAsync(BatchTime time, CancellationToken cancellationToken)
    {
        File.Delete(Hidden(time));
        File.Delete(Prepared(time));
        return ValueTask.CompletedTask;
    }

    // After a start: what an earlier run left between the two phases. Each is then published or aborted.
    protected override ValueTask<IReadOnlyList<BatchTime>> FindPreparedAsync(CancellationToken cancellationToken) =>
        new([.. Directory.EnumerateFiles(directory, ".prepared-*").Select(path => new BatchTime(long.Parse(path.Split('-')[^1])))]);

    private string Hidden(BatchTime time) => Path.Combine(directory, $".writing-{time.Milliseconds}");

    private string Prepared(BatchTime time) => Path.Combine(directory, $".prepared-{time.Milliseconds}");

    private string Final(BatchTime time) => Path.Combine(directory, $"{time.Milliseconds}.txt");

    private ValueTask MoveAsync(string from, string to)
    {
        File.Move(from, to, overwrite: true);
        DurableFile.FlushDirectory(directory);
        return ValueTask.CompletedTask;
    }
}
