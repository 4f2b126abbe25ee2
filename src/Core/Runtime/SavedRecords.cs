using System.Buffers;

namespace FastStream.Runtime;

/// <summary>Records in a checkpoint or log, span after span.</summary>
/// <remarks><code>| records in a span (4 bytes) | the records | … | 0 |</code></remarks>
internal static class SavedRecords
{
    public static void Write<T>(ReadOnlySpan<T> records, IRecordSerializer<T> serializer, IBufferWriter<byte> output)
    {
        for (; !records.IsEmpty; records = records[Math.Min(records.Length, RecordBuffer.SpanRecords)..])
        {
            ReadOnlySpan<T> span = records[..Math.Min(records.Length, RecordBuffer.SpanRecords)];
            StateWriter.WriteInt32(output, span.Length);
            foreach (ref readonly T record in span)
            {
                serializer.Write(in record, output);
            }
        }
    }

    public static void WriteEnd(IBufferWriter<byte> output) => StateWriter.WriteInt32(output, 0);

    /// <summary>Reads a span; an empty one at the end.</summary>
    /// <param name="bytes">The bytes; advanced past the span.</param>
    /// <param name="serializer">Reads a record.</param>
    /// <param name="records">Room for a span. Texts of the records read point into the bytes.</param>
    /// <exception cref="InvalidDataException">The bytes are no records.</exception>
    public static Span<T> Read<T>(scoped ref ReadOnlySpan<byte> bytes, IRecordSerializer<T> serializer, T[] records)
    {
        int count = StateReader.ReadInt32(ref bytes);
        if (count < 0 || count > records.Length)
        {
            throw new InvalidDataException($"A span of {count} records was written; at most {records.Length} are expected.");
        }

        for (int i = 0; i < count; i++)
        {
            records[i] = serializer.Read(ref bytes);
        }

        return records.AsSpan(0, count);
    }
}
