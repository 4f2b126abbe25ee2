using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace FastStream;

/// <summary>Ranges and positions as bytes: a version, their number, and of each topic, partition and offsets.</summary>
internal static class SavedRanges
{
    private const byte Version = 1;

    public static void Write(IReadOnlyList<KafkaRange> ranges, IBufferWriter<byte> output)
    {
        Begin(output, ranges.Count);
        foreach (KafkaRange range in ranges)
        {
            WritePartition(output, range.Id);
            WriteInt64(output, range.From);
            WriteInt64(output, range.Until);
        }
    }

    public static IReadOnlyList<KafkaRange> Read(ReadOnlySpan<byte> saved)
    {
        var ranges = new KafkaRange[TakeCount(ref saved)];
        for (int i = 0; i < ranges.Length; i++)
        {
            KafkaPartition id = TakePartition(ref saved);
            long from = TakeInt64(ref saved);
            ranges[i] = new KafkaRange(id, from, TakeInt64(ref saved)) { Topic = Utf8Text.Intern(id.Topic) };
        }

        return ranges;
    }

    public static void WritePositions(IReadOnlyList<(KafkaPartition Id, long Next)> positions, IBufferWriter<byte> output)
    {
        Begin(output, positions.Count);
        foreach ((KafkaPartition id, long next) in positions)
        {
            WritePartition(output, id);
            WriteInt64(output, next);
        }
    }

    public static IReadOnlyList<(KafkaPartition Id, long Next)> ReadPositions(ReadOnlySpan<byte> saved)
    {
        var positions = new (KafkaPartition, long)[TakeCount(ref saved)];
        for (int i = 0; i < positions.Length; i++)
        {
            KafkaPartition id = TakePartition(ref saved);
            positions[i] = (id, TakeInt64(ref saved));
        }

        return positions;
    }

    private static void Begin(IBufferWriter<byte> output, int count)
    {
        output.Write([Version]);
        WriteInt32(output, count);
    }

    private static int TakeCount(ref ReadOnlySpan<byte> saved)
    {
        if (saved.IsEmpty || saved[0] != Version)
        {
            throw new InvalidDataException(
                "Offsets of a Kafka stream were saved in a form that this version does not know "
                + $"({(saved.IsEmpty ? "no bytes" : $"version {saved[0]}")}; {Version} is expected).");
        }

        saved = saved[1..];
        return TakeInt32(ref saved);
    }

    private static void WritePartition(IBufferWriter<byte> output, KafkaPartition id)
    {
        byte[] topic = Encoding.UTF8.GetBytes(id.Topic);
        WriteInt32(output, topic.Length);
        output.Write(topic);
        WriteInt32(output, id.Partition);
    }

    private static KafkaPartition TakePartition(ref ReadOnlySpan<byte> saved)
    {
        int length = TakeInt32(ref saved);
        string topic = Encoding.UTF8.GetString(saved[..length]);
        saved = saved[length..];
        return new KafkaPartition(topic, TakeInt32(ref saved));
    }

    private static void WriteInt32(IBufferWriter<byte> output, int value)
    {
        BinaryPrimitives.WriteInt32LittleEndian(output.GetSpan(4), value);
        output.Advance(4);
    }

    private static void WriteInt64(IBufferWriter<byte> output, long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(output.GetSpan(8), value);
        output.Advance(8);
    }

    private static int TakeInt32(ref ReadOnlySpan<byte> saved)
    {
        int value = BinaryPrimitives.ReadInt32LittleEndian(saved);
        saved = saved[4..];
        return value;
    }

    private static long TakeInt64(ref ReadOnlySpan<byte> saved)
    {
        long value = BinaryPrimitives.ReadInt64LittleEndian(saved);
        saved = saved[8..];
        return value;
    }
}
