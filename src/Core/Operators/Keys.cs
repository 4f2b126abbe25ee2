namespace FastStream;

public static partial class DStreamOperators
{
    /// <summary>The key of each pair, in order, in the same partitions.</summary>
    /// <example><code>var users = sizeByUser.Keys().Distinct();</code></example>
    /// <param name="stream">The pairs.</param>
    public static DStream<TKey> Keys<TKey, TValue>(this DStream<(TKey Key, TValue Value)> stream) => stream.Map(static pair => pair.Key);

    /// <summary>The value of each pair, in order, in the same partitions.</summary>
    /// <example><code>var sizes = sizeByUser.Values().Reduce((a, b) => a + b);</code></example>
    /// <param name="stream">The pairs.</param>
    public static DStream<TValue> Values<TKey, TValue>(this DStream<(TKey Key, TValue Value)> stream) =>
        stream.Map(static pair => pair.Value);
}
