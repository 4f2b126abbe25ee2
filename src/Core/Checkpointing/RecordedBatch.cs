using System.Buffers;

namespace FastStream;

/// <summary>A batch by its records, written down and read again: what inputs do that have no log or position of their own.</summary>
/// <remarks><code>for each partition: | records in a span (4 bytes) | the records | … | 0 |</code></remarks>
internal static class RecordedBatch
{
    /// <summary>Writes all records, partition by partition.</summary>
    public static void Save<T>(InputBatch<T> batch, int partitions, IRecordSerializer<T> serializer, IBufferWriter<byte> output)
    {
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
    public static InputBatch<T> Load<T>(ReadOnlyMemory<byte> saved, IRecordSerializer<T> serializer)
    {
        using MemoryHandle pinned = saved.Pin();   // texts lie in it until they are copied
        ReadOnlySpan<byte> rest = saved.Span;
        var memory = new TextMemory();
        var texts = new TextLease();
        var partitions = new List<List<ArraySegment<T>>>();
        long count = 0;
        while (!rest.IsEmpty)
        {
            var collector = new Collector<T>();
            T[] records = new T[RecordBuffer.SpanRecords];
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

        return new Batch<T>(partitions, texts, count);
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
