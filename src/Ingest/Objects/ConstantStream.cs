using System.Buffers;

namespace FastStream;

/// <summary>The same batch at every tick.</summary>
public static class ConstantStreamExtensions
{
    /// <summary>A stream whose every batch has these records: reference data to join with, or a load for experiments.</summary>
    /// <remarks>They are taken for a part of the program: checkpoints do not keep them, and a batch that runs again after a restart has those of the program that runs then.</remarks>
    /// <example><code>var prices = context.ConstantStream(["a", "b"]);</code></example>
    /// <param name="context">The context.</param>
    /// <param name="records">The records; copied now.</param>
    public static DStream<T> ConstantStream<T>(this StreamingContext context, IEnumerable<T> records)
    {
        ArgumentNullException.ThrowIfNull(records);
        return new ConstantInputDStream<T>(context, [.. records]);
    }
}

internal sealed class ConstantInputDStream<T>(StreamingContext context, T[] records) : InputDStream<T>(context, "Constant")
{
    private const byte Version = 1;

    protected internal override InputBatch<T> Cut(BatchTime time) => RecordInputBatch.Of(records);

    protected internal override void SaveBatch(InputBatch<T> batch, IBufferWriter<byte> output) => new SavedWriter(output).Byte(Version);

    protected internal override InputBatch<T> LoadBatch(BatchTime time, ReadOnlyMemory<byte> saved)
    {
        new SavedReader(saved.Span, Version, $"batch {time} of {Name}").End();
        return Cut(time);
    }
}
