using System.Buffers;

namespace FastStream.Tests.House.Guide;

/// <summary>Reads a log by offset. A batch is a range of offsets, which can be read again.</summary>
public sealed class LogSource(IReadOnlyList<string> log, int maxPerBatch) : Source<string>
{
    private int _next;                                        // the first offset that is in no batch

    protected override InputBatch<string> Cut(BatchTime time) => Range(_next, Math.Min(log.Count, _next + maxPerBatch));

    // The batch, before it runs: after a crash the same range is read again.
    protected override void SaveBatch(InputBatch<string> batch, IBufferWriter<byte> output)
    {
        var range = (LogRange)batch;
        var writer = new StateWriter(output);
        writer.WriteByte(1);                                  // the version of these bytes
        writer.WriteInt32(range.First);
        writer.WriteInt32(range.End);
    }

    protected override InputBatch<string> LoadBatch(BatchTime time, ReadOnlyMemory<byte> saved)
    {
        // Refuses bytes whose first one is not the version.
        var reader = new StateReader(saved.Span, version: 1, $"a batch of {Context.Name}");
        int first = reader.ReadInt32();
        int end = reader.ReadInt32();
        reader.End();                                         // refuses bytes that are left
        return Range(first, end);
    }

    // The position, in a checkpoint.
    protected override void SavePosition(BatchTime time, IBufferWriter<byte> output)
    {
        var writer = new StateWriter(output);
        writer.WriteByte(1);
        writer.WriteInt32(_next);
    }

    protected override void LoadPosition(ReadOnlySpan<byte> saved)
    {
        var reader = new StateReader(saved, version: 1, $"the position of {Context.Name}");
        _next = reader.ReadInt32();
        reader.End();
    }

    private LogRange Range(int first, int end)
    {
        _next = end;
        return new LogRange(log, first, end);
    }
}

/// <summary>A batch of the log. Each partition reads its share; it must be able to do so twice.</summary>
internal sealed class LogRange(IReadOnlyList<string> log, int first, int end) : InputBatch<string>
{
    public int First => first;

    public int End => end;

    public override long RecordCount => end - first;

    public override void Run(int partition, int partitionCount, RecordBuffer<string> output)
    {
        int from = first + (int)((long)(end - first) * partition / partitionCount);
        int to = first + (int)((long)(end - first) * (partition + 1) / partitionCount);
        for (int offset = from; offset < to; offset++)
        {
            output.Add(log[offset]);
        }
    }

    protected override void Dispose(bool disposing)
    {
    }
}
