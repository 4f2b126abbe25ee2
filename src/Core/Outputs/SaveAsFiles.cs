using System.Globalization;

namespace FastStream;

public static partial class DStreamOperators
{
    /// <summary>
    /// Saves every batch, also an empty one, as the directory <c>prefix-TIME.suffix</c> with one file for each partition,
    /// <c>part-00000</c> and so on, and an empty file <c>_SUCCESS</c>.
    /// </summary>
    /// <remarks>
    /// The directory is written beside its place under another name, flushed to the disk, and then renamed: readers see
    /// all of it or nothing. A batch that runs again replaces its directory, so that every batch is there once; but if
    /// it runs again because the program has restarted, a directory that is already there stays as it is. If anything
    /// else is in the place, such as a directory with other files, that stays and the batch fails. Two streams need two
    /// prefixes.
    /// </remarks>
    /// <example><code>
    /// // out/orders-1700000000000.jsonl/part-00000
    /// orders.SaveAsFiles("out/orders", new JsonLinesFormat&lt;Order&gt;(OrdersJson.Default.Order));
    /// </code></example>
    /// <param name="stream">The stream.</param>
    /// <param name="prefix">What directory names begin with. It may have a path, in which no ".." follows a name;
    /// without a prefix, names are the time alone.</param>
    /// <param name="format">How records are written.</param>
    /// <param name="suffix">What directory names end with, without a dot or a path; default (null) the format's
    /// extension, empty for none.</param>
    /// <exception cref="ArgumentException">Another output of the context has the prefix and suffix, or they would put
    /// files outside their directory.</exception>
    public static OutputOperation SaveAsFiles<T>(this DStream<T> stream, string? prefix, IOutputFormat<T> format, string? suffix = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(format);
        return Save(stream, "SaveAsFiles", prefix, format, suffix ?? format.Extension);
    }

    /// <summary>
    /// Saves every batch, also an empty one, in a place of another kind, such as an object store, as the directory
    /// <c>prefix-TIME.suffix</c> with one file for each partition, <c>part-00000</c> and so on. An empty file
    /// <c>_SUCCESS</c> is written last.
    /// </summary>
    /// <example><code>orders.SaveAsFiles(new LocalDirectory("/data"), "orders", new
    /// JsonLinesFormat&lt;Order&gt;(OrdersJson.Default.Order));</code></example>
    /// <param name="stream">The stream.</param>
    /// <param name="directory">The place to write to.</param>
    /// <param name="prefix">What directory names begin with. It may have a path inside the place; without a prefix,
    /// names are the time alone.</param>
    /// <param name="format">How records are written.</param>
    /// <param name="suffix">What directory names end with, without a dot or a path; default (null) the format's
    /// extension, empty for none.</param>
    /// <exception cref="ArgumentException">Another output of the context has the place, prefix and suffix, or they
    /// would put files outside the place.</exception>
    public static OutputOperation SaveAsFiles<T>(
        this DStream<T> stream, OutputDirectory directory, string? prefix, IOutputFormat<T> format, string? suffix = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(directory);
        ArgumentNullException.ThrowIfNull(format);
        SavedDirectory.ThrowIfOutside(prefix);
        return Save(stream, "SaveAsFiles", directory, prefix, format, suffix ?? format.Extension);
    }

    internal static OutputOperation Save<T>(DStream<T> stream, string operatorName, string? prefix,
        IOutputFormat<T> format, string? suffix) =>
        Save(stream, operatorName, new LocalDirectory(""), prefix, format, suffix);

    private static SinkOutput<T> Save<T>(
        DStream<T> stream, string operatorName, OutputDirectory directory, string? prefix, IOutputFormat<T> format, string? suffix)
    {
        string destination = SavedDirectory.Claim(stream, operatorName, directory, prefix, suffix);
        var output = new SinkOutput<T>(stream, operatorName, new FilesSink<T>(directory, prefix, format, suffix))
            { Destination = destination };
        if (directory is LocalDirectory { Path: var path })
        {
            string first = path.Length == 0 ? "" : Path.Join(path, "/");
            stream.Context.OwnFiles.Add(
                string.IsNullOrEmpty(prefix) ? first : $"{first}{prefix}-", string.IsNullOrEmpty(suffix) ? "" : $".{suffix}", output.Name);
        }

        return output;
    }

    /// <summary>The name of a batch's directory, by Spark's rule.</summary>
    internal static string NameOf(string? prefix, string? suffix, BatchTime time)
    {
        string name = time.Milliseconds.ToString(CultureInfo.InvariantCulture);
        name = string.IsNullOrEmpty(prefix) ? name : $"{prefix}-{name}";
        return string.IsNullOrEmpty(suffix) ? name : $"{name}.{suffix}";
    }
}

/// <summary>
/// Writes each batch as a directory of files. The batch's time names it: writing it again replaces what an earlier
/// attempt has left.
/// </summary>
internal sealed class FilesSink<T>(OutputDirectory directory, string? prefix, IOutputFormat<T> format, string? suffix) : Sink<T>
{
    protected internal override async ValueTask WriteAsync(Batch<T> batch, CancellationToken cancellationToken)
    {
        BatchDirectory? begun = await directory
            .BeginAsync(DStreamOperators.NameOf(prefix, suffix, batch.Time), batch.IsReplay, cancellationToken).ConfigureAwait(false);
        if (begun is null)
        {
            return;
        }

        await using (begun.ConfigureAwait(false))
        {
            await Parallel.ForAsync(0, batch.PartitionCount, cancellationToken, async (partition, cancellation) =>
            {
                string name = string.Create(CultureInfo.InvariantCulture, $"part-{partition:D5}");
                OutputFile file = await begun.CreateFileAsync(name, cancellation).ConfigureAwait(false);
                await using (file.ConfigureAwait(false))
                {
                    await WriteAsync(file, batch.Partition(partition), cancellation).ConfigureAwait(false);
                    await file.CompleteAsync(cancellation).ConfigureAwait(false);
                }
            }).ConfigureAwait(false);
            OutputFile success = await begun.CreateFileAsync(SavedDirectory.SuccessName, cancellationToken).ConfigureAwait(false);
            await using (success.ConfigureAwait(false))
            {
                await success.CompleteAsync(cancellationToken).ConfigureAwait(false);
            }

            batch.ThrowIfLeftBehind();
            await begun.PublishAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private async ValueTask WriteAsync(OutputFile file, BatchPartition<T> records, CancellationToken cancellationToken)
    {
        format.WriteStart(file);
        foreach (ReadOnlyMemory<T> block in records.Blocks)
        {
            WriteBlock(file, block.Span);
            await file.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private void WriteBlock(OutputFile file, ReadOnlySpan<T> records)
    {
        foreach (ref readonly T record in records)
        {
            format.Write(file, in record);
        }
    }
}
