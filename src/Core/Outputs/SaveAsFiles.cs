using System.Globalization;

namespace FastStream;

public static partial class DStreamOperators
{
    /// <summary>
    /// Saves every batch, also an empty one, as the directory <c>prefix-TIME.suffix</c> with one file for each partition,
    /// <c>part-00000</c> and so on, and an empty file <c>_SUCCESS</c>.
    /// </summary>
    /// <remarks>
    /// The directory is written beside its place under another name, brought to the disk, and then renamed: readers see
    /// all of it or nothing. The batch run again replaces the directory, so that every batch is there once; a batch
    /// that runs again because the program was started again leaves a directory that is there as it is. Anything else
    /// in the place, such as a directory with other files, fails the batch and stays. Two streams need two prefixes.
    /// </remarks>
    /// <example><code>orders.SaveAsFiles("out/orders", new JsonLinesFormat&lt;Order&gt;(OrdersJson.Default.Order)); //
    /// out/orders-1700000000000.jsonl/part-00000</code></example>
    /// <param name="stream">The stream.</param>
    /// <param name="prefix">What directory names begin with, with a path if wanted, in which no ".." comes behind a name; nothing gives
    /// names of the time alone.</param>
    /// <param name="format">How records are written.</param>
    /// <param name="suffix">What directory names end with, without a dot and no path; default (null) the format's extension, empty for
    /// none.</param>
    /// <exception cref="ArgumentException">Another output of the context has the prefix and suffix, or they would carry files out of
    /// their directory.</exception>
    public static OutputOperation SaveAsFiles<T>(this DStream<T> stream, string? prefix, IOutputFormat<T> format, string? suffix = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(format);
        return Save(stream, "SaveAsFiles", prefix, format, suffix ?? format.Extension);
    }

    internal static OutputOperation Save<T>(DStream<T> stream, string operatorName, string? prefix, IOutputFormat<T> format, string? suffix)
    {
        string destination = SavedDirectory.Claim(stream, operatorName, prefix, suffix);
        bool isPlaceDurable = false;   // one batch after the other
        OutputOperation output = new BatchOutput<T>(stream, operatorName, async (batch, cancellation) =>
        {
            string name = Path.GetFullPath(NameOf(prefix, suffix, batch.Time));
            string parent = Path.GetDirectoryName(name)!;
            if (!isPlaceDurable)
            {
                AtomicDirectory.MakeDurably(parent);
                isPlaceDurable = true;
            }

            if (batch.IsReplay && SavedDirectory.IsWhole(name))
            {
                // It is whole, and somebody may have read it: what functions give now may be something else. That it is there does not
                // say that it stays:
                // the run that renamed it may have been killed before its entry was on the disk, and the batch counts as put out after
                // this.
                DurableFile.FlushDirectory(parent);
                return;
            }

            using var directory = new AtomicDirectory(name, isOurs: SavedDirectory.IsOurs);
            await Parallel.ForAsync(0, batch.PartitionCount, cancellation, (partition, _) =>
            {
                using FileBufferWriter file = directory.NewFile(string.Create(CultureInfo.InvariantCulture, $"part-{partition:D5}"));
                WritePartition(file, batch.Partition(partition), format);
                file.Finish();
                return ValueTask.CompletedTask;
            }).ConfigureAwait(false);
            using (FileBufferWriter success = directory.NewFile(SavedDirectory.SuccessName))
            {
                success.Finish();
            }

            batch.ThrowIfLeftBehind();
            directory.Publish();
        })
        { Destination = destination };
        stream.Context.OwnFiles
            .Add(string.IsNullOrEmpty(prefix) ? "" : $"{prefix}-", string.IsNullOrEmpty(suffix) ? "" : $".{suffix}", output.Name);
        return output;
    }

    /// <summary>The name of a batch's directory, by Spark's rule.</summary>
    internal static string NameOf(string? prefix, string? suffix, BatchTime time)
    {
        string name = time.Milliseconds.ToString(CultureInfo.InvariantCulture);
        name = string.IsNullOrEmpty(prefix) ? name : $"{prefix}-{name}";
        return string.IsNullOrEmpty(suffix) ? name : $"{name}.{suffix}";
    }

    private static void WritePartition<T>(FileBufferWriter file, BatchPartition<T> records, IOutputFormat<T> format)
    {
        format.WriteStart(file);
        foreach (ReadOnlyMemory<T> block in records.Blocks)
        {
            foreach (ref readonly T record in block.Span)
            {
                format.Write(file, in record);
            }
        }
    }
}
