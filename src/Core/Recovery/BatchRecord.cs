using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace FastStream;

/// <summary>The records of a batch in the log: the intent record with its input, and later the commit record.</summary>
/// <remarks><code>
/// intent: | 1 | time (8 bytes) | number of inputs (4) | for each: length (4), name, length (4), what the input wrote |
/// commit: | 2 | time (8 bytes) | how far it came: an <see cref="Outcome"/> other than Pending; the last one counts |
/// commit: | 3 | as 2 | number of sinks with a position (4) | for each: length (4), name, length (4), what the sink wrote |
/// </code></remarks>
internal static class BatchRecord
{
    private const byte Plan = 1;
    private const byte Commit = 2;
    private const byte CommitWithPositions = 3;
    private const int CommitBytes = 10;

    /// <summary>Writes the intent record of a batch.</summary>
    public static void WritePlan(ArrayBufferWriter<byte> output, BatchTime time, IReadOnlyList<string> names,
        IReadOnlyList<IInputStream> inputs, IReadOnlyList<InputBatch> batches)
    {
        output.Write([Plan]);
        StateWriter.WriteInt64(output, time.Milliseconds);
        StateWriter.WriteInt32(output, inputs.Count);
        for (int i = 0; i < inputs.Count; i++)
        {
            byte[] name = Encoding.UTF8.GetBytes(names[i]);
            StateWriter.WriteInt32(output, name.Length);
            output.Write(name);
            int lengthAt = output.WrittenCount;
            StateWriter.WriteInt32(output, 0);   // filled in at the end: a batch can be large, and is not copied
            inputs[i].SaveBatch(batches[i], output);
            BinaryPrimitives.WriteInt32LittleEndian(MemoryMarshal.AsMemory(output.WrittenMemory).Span[lengthAt..],
                output.WrittenCount - lengthAt - sizeof(int));
        }
    }

    /// <summary>Creates the commit record of a batch.</summary>
    public static byte[] OfCommit(BatchTime time, Outcome outcome)
    {
        byte[] record = new byte[CommitBytes];
        record[0] = Commit;
        BinaryPrimitives.WriteInt64LittleEndian(record.AsSpan(1), time.Milliseconds);
        record[9] = (byte)outcome;
        return record;
    }

    /// <summary>Writes the commit record of a batch, with the positions of the sinks after it.</summary>
    public static void WriteCommit(ArrayBufferWriter<byte> output, BatchTime time, Outcome outcome, SinkPositions sinks)
    {
        output.Write(OfCommit(time, outcome));
        if (sinks.Save(output))
        {
            MemoryMarshal.AsMemory(output.WrittenMemory).Span[0] = CommitWithPositions;
        }
    }

    /// <summary>
    /// Collects the batches after a time from the records of a log, in order. Other records are not kept in memory.
    /// </summary>
    /// <exception cref="InvalidDataException">A record cannot be read.</exception>
    public static List<RecoveredBatch> Collect(IEnumerable<byte[]> frames, BatchTime after)
    {
        var batches = new SortedList<BatchTime, RecoveredBatch>();
        foreach (byte[] frame in frames)
        {
            if (!IsKnown(frame))
            {
                throw Unknown(frame);
            }

            var time = new BatchTime(BinaryPrimitives.ReadInt64LittleEndian(frame.AsSpan(1)));
            if (time <= after)
            {
                continue;
            }

            bool isKnown = batches.TryGetValue(time, out RecoveredBatch? batch);
            batches[time] = frame[0] switch
            {
                Plan when isKnown => throw new InvalidDataException($"The log has two intent records of batch {time}."),
                Plan => new RecoveredBatch(time, ReadInputs(frame), Outcome.Pending),
                Commit when isKnown => batch! with { Outcome = (Outcome)frame[9] },
                _ when isKnown => batch! with { Outcome = (Outcome)frame[9], Positions = SinkPositions.Read(frame.AsMemory(CommitBytes)) },
                _ => throw new InvalidDataException($"The log has a commit record of batch {time}, but no intent record."),
            };
        }

        return [.. batches.Values];
    }

    private static bool IsKnown(byte[] frame) => frame.Length >= CommitBytes && frame[0] switch
    {
        Plan => true,
        Commit => frame.Length == CommitBytes && frame[9] <= (byte)Outcome.CommittedWithoutData,
        CommitWithPositions => frame.Length > CommitBytes && frame[9] <= (byte)Outcome.CommittedWithoutData,
        _ => false,
    };

    private static Dictionary<string, ReadOnlyMemory<byte>> ReadInputs(byte[] frame)
    {
        ReadOnlySpan<byte> rest = frame.AsSpan(9);
        int count = StateReader.ReadInt32(ref rest);
        var inputs = new Dictionary<string, ReadOnlyMemory<byte>>(StringComparer.Ordinal);
        for (int i = 0; i < count; i++)
        {
            int nameLength = StateReader.ReadLength(ref rest);
            string name = Encoding.UTF8.GetString(rest[..nameLength]);
            rest = rest[nameLength..];
            int length = StateReader.ReadLength(ref rest);
            if (!inputs.TryAdd(name, frame.AsMemory(frame.Length - rest.Length, length)))
            {
                throw new InvalidDataException($"The log has the input {name} twice in one batch.");
            }

            rest = rest[length..];
        }

        return count >= 0 && rest.IsEmpty
            ? inputs : throw new InvalidDataException(
                $"The log has a batch of {count} inputs and {rest.Length} bytes after them; none are expected.");
    }

    private static InvalidDataException Unknown(byte[] frame) =>
        new($"A record of the log has the kind {(frame.Length > 0 ? frame[0] : -1)} and {frame.Length} bytes, which "
            + "this version does not know. Start the version that wrote it.");
}

/// <summary>How far a logged batch came. The numbers are stored in the log.</summary>
internal enum Outcome
{
    /// <summary>The log does not say that it is done: it runs again, with its outputs.</summary>
    Pending = -1,

    /// <summary>Failed for good: no state includes it.</summary>
    Aborted = 0,

    /// <summary>Done: it is replayed only to rebuild states.</summary>
    Committed = 1,

    /// <summary>
    /// Failed for good; the log does not say that it ran without its data, for the records of earlier batches: it runs
    /// that way, with the outputs of those.
    /// </summary>
    WithoutData = 2,

    /// <summary>Failed for good, and ran without its data: it is replayed that way, only to rebuild states.</summary>
    CommittedWithoutData = 3,
}

/// <summary>A batch in the log.</summary>
/// <param name="Time">Its time.</param>
/// <param name="Inputs">By input name, the bytes that the input logged.</param>
/// <param name="Outcome">How far it came.</param>
internal sealed record RecoveredBatch(BatchTime Time, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> Inputs, Outcome Outcome)
{
    /// <summary>By sink name, the positions of the sinks after the batch; null if no sink has one.</summary>
    public IReadOnlyDictionary<string, ReadOnlyMemory<byte>>? Positions { get; init; }
}
