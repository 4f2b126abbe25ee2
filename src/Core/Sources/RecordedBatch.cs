using System.Buffers;
using System.Text;

namespace FastStream.Runtime;

/// <summary>A batch logged as its records, for inputs that have no log or position of their own.</summary>
/// <remarks>
/// <code>| -2 (4 bytes) | length (4), schema | number of partitions (4) | for each partition: its records, as
/// <see cref="SavedRecords"/> has them |</code>
/// The schema is stored with the records, because the checkpoint may come from an earlier run than the one that logged
/// them. Batches of earlier versions begin with the number of partitions.
/// </remarks>
internal static class RecordedBatch
{
    private const int MostPartitions = 1024;   // as in StreamingOptions
    private const int SchemaFollows = -2;      // -1 marks a JournalRange

    /// <summary>Writes all records, partition by partition.</summary>
    public static void Save<T>(InputBatch<T> batch, int partitions, IRecordSerializer<T> serializer, IBufferWriter<byte> output)
    {
        StateWriter.WriteInt32(output, SchemaFollows);
        StateWriter.WriteInt32(output, Encoding.UTF8.GetByteCount(serializer.Schema));
        Encoding.UTF8.GetBytes(serializer.Schema, output);
        StateWriter.WriteInt32(output, partitions);
        var sink = new RecordWriter<T>(serializer, output);
        var buffer = new RecordBuffer<T>(sink);
        for (int partition = 0; partition < partitions; partition++)
        {
            batch.Run(partition, partitions, buffer);
            buffer.Flush();
            buffer.Release();
            SavedRecords.WriteEnd(output);
        }
    }

    /// <summary>
    /// Reads the schema of the records and advances past it; null where an earlier version wrote them, without a
    /// schema.
    /// </summary>
    /// <exception cref="InvalidDataException">The bytes are no batch.</exception>
    public static string? TakeSchema(ref ReadOnlyMemory<byte> saved)
    {
        ReadOnlySpan<byte> rest = saved.Span;
        if (StateReader.ReadInt32(ref rest) != SchemaFollows)
        {
            return null;
        }

        int length = StateReader.ReadLength(ref rest);
        string schema = Encoding.UTF8.GetString(rest[..length]);
        saved = saved[^(rest.Length - length)..];
        return schema;
    }

    /// <summary>Reads the batch from the bytes after the schema.</summary>
    /// <exception cref="InvalidDataException">The bytes are no batch.</exception>
    public static InputBatch<T> Load<T>(ReadOnlyMemory<byte> saved, IRecordSerializer<T> serializer)
    {
        using MemoryHandle pinned = saved.Pin();   // texts lie in it until they are copied
        ReadOnlySpan<byte> rest = saved.Span;
        int partitionCount = StateReader.ReadInt32(ref rest);
        if (partitionCount is < 0 or > MostPartitions)
        {
            throw new InvalidDataException($"A batch of {partitionCount} partitions was written; at most {MostPartitions} are expected.");
        }

        var memory = new TextArena();
        var texts = new ArenaLease();
        var partitions = new List<RecordBlocks<T>>();
        T[] records = new T[RecordBuffer.SpanRecords];
        long count = 0;
        for (int partition = 0; partition < partitionCount; partition++)
        {
            var blocks = new RecordBlocks<T>();
            for (Span<T> span; !(span = SavedRecords.Read(ref rest, serializer, records)).IsEmpty;)
            {
                RecordTexts<T>.Copy(span, memory, texts);
                blocks.Add(span);
                count += span.Length;
            }

            blocks.Seal();
            partitions.Add(blocks);
        }

        return rest.IsEmpty
            ? new Batch<T>(partitions, texts, count)
                : throw new InvalidDataException($"{rest.Length} bytes follow the records of a batch; none are expected.");
    }

    private sealed class RecordWriter<T>(IRecordSerializer<T> serializer, IBufferWriter<byte> output) : LastOperator<T>
    {
        public override void OnRecords(ReadOnlySpan<T> items) => SavedRecords.Write(items, serializer, output);
    }

    private sealed class Batch<T>(List<RecordBlocks<T>> partitions, ArenaLease texts, long count) : InputBatch<T>
    {
        public override long RecordCount => count;

        // Where the program has fewer partitions than before, one partition takes the records of several.
        public override void Run(int partition, int partitionCount, RecordBuffer<T> output)
        {
            for (int saved = partition; saved < partitions.Count; saved += partitionCount)
            {
                partitions[saved].PassTo(output);
            }
        }

        protected override void Dispose(bool disposing)
        {
            partitions.ForEach(records => records.Dispose());
            texts.Dispose();
        }
    }
}
