using System.Buffers;
using System.Buffers.Binary;

namespace FastStream.Tests.Recovery;

/// <summary>
/// An input with a position: 0, 1, 2 and so on, some in each batch. How many is chance, so that a batch that is cut
/// anew would be another one.
/// </summary>
internal sealed class NumberStream(StreamingContext context) : InputDStream<long>(context, "Numbers")
{
    private long _next;

    protected internal override InputBatch<long> Cut(BatchTime time)
    {
        long first = _next;
        _next += Random.Shared.Next(0, 200);
        return RecordInputBatch.Of<long>([.. Enumerable.Range(0, (int)(_next - first)).Select(i => first + i)]);
    }

    protected internal override InputBatch<long> LoadBatch(BatchTime time, ReadOnlyMemory<byte> saved)
    {
        InputBatch<long> batch = base.LoadBatch(time, saved);
        _next += batch.RecordCount;
        return batch;
    }

    protected internal override void SavePosition(BatchTime time, IBufferWriter<byte> output)
    {
        BinaryPrimitives.WriteInt64LittleEndian(output.GetSpan(sizeof(long)), _next);
        output.Advance(sizeof(long));
    }

    protected internal override void LoadPosition(ReadOnlySpan<byte> saved) => _next = BinaryPrimitives.ReadInt64LittleEndian(saved);
}
