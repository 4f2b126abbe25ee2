using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace FastStream;

/// <summary>What the log says of a batch: what it is made of, and later that it is done.</summary>
/// <remarks><code>
/// plan:   | 1 | time (8 bytes) | number of inputs (4) | for each: length (4), name, length (4), what the input wrote |
/// commit: | 2 | time (8 bytes) | how far it came: an <see cref="Outcome"/> other than open; the last one counts |
/// commit: | 3 | as 2 | number of sinks with a position (4) | for each: length (4), name, length (4), what the sink wrote |
/// </code></remarks>
internal static class BatchRecord
{
    private const byte Plan = 1;
    private const byte Commit = 2;
    private const byte CommitWithPositions = 3;
    private const int CommitBytes = 10;

    /// <summary>Writes down what a batch is made of.</summary>
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
            StateWriter.WriteInt32(output, 0);   // known when all is written: a batch can be large, and is not copied
            inputs[i].SaveBatch(batches[i], output);
            BinaryPrimitives.WriteInt32LittleEndian(MemoryMarshal.AsMemory(output.WrittenMemory).Span[lengthAt..],
                output.WrittenCount - lengthAt - sizeof(int));
        }
    }

    /// <summary>Writes down how far a batch came.</summary>
    public static byte[] OfCommit(BatchTime time, Outcome outcome)
    {
        byte[] record = new byte[CommitBytes];
        record[0] = Commit;
        BinaryPrimitives.WriteInt64LittleEndian(record.AsSpan(1), time.Milliseconds);
        record[9] = (byte)outcome;
        return record;
    }

    /// <summary>Writes down how far a batch came, and where the sinks are after it.</summary>
    public static void WriteCommit(ArrayBufferWriter<byte> output, BatchTime time, Outcome outcome, SinkPositions sinks)
    {
        output.Write(OfCommit(time, outcome));
        if (sinks.Save(output))
        {
            MemoryMarshal.AsMemory(output.WrittenMemory).Span[0] = CommitWithPositions;
        }
    }

    /// <summary>Puts the records of a log together: the batches after a time, in order. A record that is not needed is not kept.</summary>
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
                Plan when isKnown => throw new InvalidDataException($"The log says twice what batch {time} was made of."),
                Plan => new RecoveredBatch(time, ReadInputs(frame), Outcome.Pending),
                Commit when isKnown => batch! with { Outcome = (Outcome)frame[9] },
                _ when isKnown => batch! with { Outcome = (Outcome)frame[9], Positions = SinkPositions.Read(frame.AsMemory(CommitBytes)) },
                _ => throw new InvalidDataException($"The log says that batch {time} is done, and not what it was made of."),
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
                $"The log has a batch of {count} inputs and {rest.Length} bytes behind them; none are expected.");
    }

    private static InvalidDataException Unknown(byte[] frame) =>
        new($"A record of the log has the kind {(frame.Length > 0 ? frame[0] : -1)} and {frame.Length} bytes, which "
            + "this version does not know. Start the version that wrote it.");
}

/// <summary>How far a batch of the log came. The numbers are in the log.</summary>
internal enum Outcome
{
    /// <summary>Not known to be done: it runs again, with its outputs.</summary>
    Pending = -1,

    /// <summary>Failed for good: in no state.</summary>
    Aborted = 0,

    /// <summary>Done: it runs again for the states only.</summary>
    Committed = 1,

    /// <summary>
    /// Failed for good, and not known to have run without its data for what earlier batches brought: it runs so, with
    /// these outputs.
    /// </summary>
    WithoutData = 2,

    /// <summary>Failed for good, and ran without its data: it runs so again, for the states only.</summary>
    CommittedWithoutData = 3,
}

/// <summary>A batch that the log tells of.</summary>
/// <param name="Time">Its time.</param>
/// <param name="Inputs">By input name, what the input wrote of it.</param>
/// <param name="Outcome">How far it came.</param>
internal sealed record RecoveredBatch(BatchTime Time, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> Inputs, Outcome Outcome)
{
    /// <summary>By sink name, where the sinks were after it; null where none has a position.</summary>
    public IReadOnlyDictionary<string, ReadOnlyMemory<byte>>? Positions { get; init; }
}
