using System.Buffers;

namespace FastStream;

/// <summary>
/// Ranges and positions as bytes: a version, their number, and for each the topic, partition and offsets.
/// </summary>
internal static class SavedRanges
{
    private const byte Version = 1;
    private const int PartitionBytes = 2 * sizeof(int);   // at least: the length of the topic's name, and the partition

    public static void Write(IReadOnlyList<KafkaRange> ranges, IBufferWriter<byte> output)
    {
        StateWriter writer = Begin(output, ranges.Count);
        foreach (KafkaRange range in ranges)
        {
            WritePartition(writer, range.Id);
            writer.WriteInt64(range.From);
            writer.WriteInt64(range.Until);
        }
    }

    /// <param name="saved">The bytes.</param>
    /// <param name="what">What the bytes are, for messages.</param>
    /// <exception cref="InvalidDataException">They are damaged, or of another version.</exception>
    public static IReadOnlyList<KafkaRange> Read(ReadOnlySpan<byte> saved, string what)
    {
        var reader = new StateReader(saved, Version, what);
        var ranges = new KafkaRange[reader.ReadCount(PartitionBytes + (2 * sizeof(long)))];
        for (int i = 0; i < ranges.Length; i++)
        {
            KafkaPartition id = ReadPartition(ref reader);
            long from = reader.ReadInt64();
            ranges[i] = new KafkaRange(id, from, reader.ReadInt64()) { Topic = Utf8Text.Intern(id.Topic) };
        }

        reader.End();
        return ranges;
    }

    public static void WritePositions(IReadOnlyList<(KafkaPartition Id, long Next)> positions, IBufferWriter<byte> output)
    {
        StateWriter writer = Begin(output, positions.Count);
        foreach ((KafkaPartition id, long next) in positions)
        {
            WritePartition(writer, id);
            writer.WriteInt64(next);
        }
    }

    /// <inheritdoc cref="Read"/>
    public static IReadOnlyList<(KafkaPartition Id, long Next)> ReadPositions(ReadOnlySpan<byte> saved, string what)
    {
        var reader = new StateReader(saved, Version, what);
        var positions = new (KafkaPartition, long)[reader.ReadCount(PartitionBytes + sizeof(long))];
        for (int i = 0; i < positions.Length; i++)
        {
            KafkaPartition id = ReadPartition(ref reader);
            positions[i] = (id, reader.ReadInt64());
        }

        reader.End();
        return positions;
    }

    private static StateWriter Begin(IBufferWriter<byte> output, int count)
    {
        var writer = new StateWriter(output);
        writer.WriteByte(Version);
        writer.WriteInt32(count);
        return writer;
    }

    private static void WritePartition(StateWriter writer, KafkaPartition id)
    {
        writer.WriteString(id.Topic);
        writer.WriteInt32(id.Partition);
    }

    private static KafkaPartition ReadPartition(ref StateReader reader)
    {
        string topic = reader.ReadString();
        return new KafkaPartition(topic, reader.ReadInt32());
    }
}
