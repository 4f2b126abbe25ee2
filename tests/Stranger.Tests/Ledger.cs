using System.Globalization;
using FastStream;

namespace Acme;

/// <summary>A sink in two phases: a file of numbers for each batch, which gets the name that readers look for when the batch
/// counts.</summary>
/// <remarks><c>1000.writing</c>, then <c>1000.prepared</c>, then <c>1000.txt</c>.</remarks>
internal sealed class Ledger(string directory) : Sink<int>
{
    protected override bool IsTransactional => true;

    protected override ValueTask OpenAsync(SinkContext context, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(directory);
        return ValueTask.CompletedTask;
    }

    protected override ValueTask<IReadOnlyList<BatchTime>> FindPreparedAsync(CancellationToken cancellationToken)
    {
        foreach (string path in Directory.GetFiles(directory, "*.writing"))
        {
            File.Delete(path);
        }

        return new([.. Directory.GetFiles(directory, "*.prepared").Select(TimeOf)]);
    }

    protected override async ValueTask WriteAsync(Batch<int> batch, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(batch);
        FileStream file = File.Create(PathOf(batch.Time, "writing"));
        await using (file.ConfigureAwait(false))
        {
            var writer = new StreamWriter(file, leaveOpen: true);
            await using (writer.ConfigureAwait(false))
            {
                foreach (int number in batch)
                {
                    await writer.WriteLineAsync(number.ToString(CultureInfo.InvariantCulture)).ConfigureAwait(false);
                }
            }

            DurableFile.Flush(file.SafeFileHandle, file.Name);
        }
    }

    protected override ValueTask PrepareAsync(BatchTime time, CancellationToken cancellationToken) => Move(time, "writing", "prepared");

    protected override ValueTask PublishAsync(BatchTime time, CancellationToken cancellationToken) =>
        File.Exists(PathOf(time, "prepared")) || !File.Exists(PathOf(time, "txt"))
            ? Move(time, "prepared", "txt") : ValueTask.CompletedTask;

    protected override ValueTask AbortAsync(BatchTime time, CancellationToken cancellationToken)
    {
        File.Delete(PathOf(time, "writing"));
        File.Delete(PathOf(time, "prepared"));
        return ValueTask.CompletedTask;
    }

    private ValueTask Move(BatchTime time, string from, string to)
    {
        File.Move(PathOf(time, from), PathOf(time, to));
        DurableFile.FlushDirectory(directory);
        return ValueTask.CompletedTask;
    }

    private string PathOf(BatchTime time, string kind) =>
        Path.Combine(directory, string.Create(CultureInfo.InvariantCulture, $"{time.Milliseconds}.{kind}"));

    private static BatchTime TimeOf(string path) => new(long.Parse(Path.GetFileNameWithoutExtension(path), CultureInfo.InvariantCulture));
}
