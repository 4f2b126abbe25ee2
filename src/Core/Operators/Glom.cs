namespace FastStream;

public static partial class DStreamOperators
{
    /// <summary>
    /// One array for each partition of each batch, with the partition's records in order; an empty partition gives an
    /// empty array. The arrays are new, and belong to their receiver.
    /// </summary>
    /// <example><code>var medians = numbers.Glom().Filter(part => part.Length > 0).Map(part => { Array.Sort(part);
    /// return part[part.Length / 2]; });</code></example>
    /// <param name="stream">The stream.</param>
    public static DStream<T[]> Glom<T>(this DStream<T> stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return new MapPartitionsStream<T, T[]>(stream, "Glom", static (partition, _) => [partition.ToArray()], keepsKeys: false);
    }
}
