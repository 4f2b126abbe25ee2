using System.Buffers;

namespace FastStream;

public static partial class StreamingContextSources
{
    /// <summary>
    /// Makes a stream whose batches all have the same records: reference data to join with, or a load for experiments.
    /// </summary>
    /// <remarks>
    /// With <see cref="StreamingOptions.StopWhenInputsEnd"/> the context does not wait for this stream, because it
    /// never has anything new. Its records are regarded as part of the program: checkpoints do not keep them, and a
    /// batch that runs again after a restart has the records of the program that runs then.
    /// </remarks>
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

    protected override InputBatch<T> Cut(BatchTime time) => RecordInputBatch.Of(records);

    // It never has anything new: a context that stops when its inputs have ended waits only for the others.
    protected override bool HasEnded => true;

    protected override void SaveBatch(InputBatch<T> batch, IBufferWriter<byte> output) => new StateWriter(output).WriteByte(Version);

    protected override InputBatch<T> LoadBatch(BatchTime time, ReadOnlyMemory<byte> saved)
    {
        new StateReader(saved.Span, Version, $"batch {time} of {Name}").End();
        return Cut(time);
    }
}
