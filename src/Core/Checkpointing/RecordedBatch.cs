using System.Buffers;

namespace FastStream;

/// <summary>A batch by its records, written down and read again: what inputs do that have no log or position of their own.</summary>
/// <remarks><code>| number of partitions (4 bytes) | for each partition: | records in a span (4) | the records | … | 0 (4) |</code></remarks>
internal static class RecordedBatch
{
    private const int MostPartitions = 1024;   // as in StreamingOptions

    /// <summary>Writes all records, partition by partition.</summary>
    public static void Save<T>(InputBatch<T> batch, int partitions, IRecordSerializer<T> serializer, IBufferWriter<byte> output)
    {
        BatchRecord.WriteInt32(output, partitions);
        var sink = new Sink<T>(serializer, output);
        var buffer = new RecordBuffer<T>(sink);
        for (int partition = 0; partition < partitions; partition++)
        {
            batch.Run(partition, partitions, buffer);
            buffer.Flush();
            buffer.Release();
            BatchRecord.WriteInt32(output, 0);
        }
    }

    /// <summary>The same batch, from what was written.</summary>
    /// <exception cref="InvalidDataException">The bytes are no batch.</exception>
    public static InputBatch<T> Load<T>(ReadOnlyMemory<byte> saved, IRecordSerializer<T> serializer)
    {
        using MemoryHandle pinned = saved.Pin();   // texts lie in it until they are copied
        ReadOnlySpan<byte> rest = saved.Span;
        int partitionCount = BatchRecord.ReadInt32(ref rest);
        if (partitionCount is < 0 or > MostPartitions)
        {
            throw new InvalidDataException($"A batch of {partitionCount} partitions was written; at most {MostPartitions} are expected.");
        }

        var memory = new TextMemory();
        var texts = new TextLease();
        var partitions = new List<List<ArraySegment<T>>>();
        T[] records = new T[RecordBuffer.SpanRecords];
        long count = 0;
        for (int partition = 0; partition < partitionCount; partition++)
        {
            var collector = new Collector<T>();
            for (int length; (length = BatchRecord.ReadInt32(ref rest)) != 0;)
            {
                Span<T> span = records.AsSpan(0, length is > 0 and <= RecordBuffer.SpanRecords ? length : throw new InvalidDataException($"A span of {length} records was written; at most {RecordBuffer.SpanRecords} are expected."));
                for (int i = 0; i < span.Length; i++)
                {
                    span[i] = serializer.Read(ref rest);
                }

                RecordTexts<T>.Copy(span, memory, texts);
                collector.OnBatch(span);
                count += length;
            }

            collector.Seal();
            partitions.Add(collector.Take());
        }

        return rest.IsEmpty ? new Batch<T>(partitions, texts, count) : throw new InvalidDataException($"{rest.Length} bytes stand behind the records of a batch; none are expected.");
    }

    private sealed class Sink<T>(IRecordSerializer<T> serializer, IBufferWriter<byte> output) : Operator<T>
    {
        public override void OnBatch(ReadOnlySpan<T> items)
        {
            BatchRecord.WriteInt32(output, items.Length);
            foreach (ref readonly T item in items)
            {
                serializer.Write(in item, output);
            }
        }

        public override void OnBatchEnd(BatchScope batch)
        {
        }

        public override void Reset()
        {
        }
    }

    private sealed class Batch<T>(List<List<ArraySegment<T>>> partitions, TextLease texts, long count) : InputBatch<T>
    {
        public override long RecordCount => count;

        // Where the program has fewer partitions than it had, one takes several's shares.
        public override void Run(int partition, int partitionCount, RecordBuffer<T> output)
        {
            for (int saved = partition; saved < partitions.Count; saved += partitionCount)
            {
                foreach (ArraySegment<T> block in partitions[saved])
                {
                    output.PassOn(block);
                }
            }
        }

        protected override void Dispose(bool disposing)
        {
            partitions.ForEach(Collector<T>.Return);
            texts.Dispose();
        }
    }
}
