namespace FastStream;

/// <summary>The same batch at every tick.</summary>
public static class ConstantStreamExtensions
{
    /// <summary>A stream whose every batch has these records: reference data to join with, or a load for experiments.</summary>
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
    protected internal override InputBatch<T> Cut(BatchTime time) => RecordInputBatch.Of(records);
}
