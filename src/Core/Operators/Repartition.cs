namespace FastStream;

public static partial class DStreamOperators
{
    /// <summary>
    /// The same records in exactly <paramref name="partitions"/> partitions, assigned round robin. The same batch is
    /// always assigned in the same way; in each partition, the records of one former partition keep their order.
    /// </summary>
    /// <example><code>var spread = fewBigFiles.Repartition(16).Map(Parse);</code></example>
    /// <param name="stream">The stream.</param>
    /// <param name="partitions">Partitions of the result, 1 to 1024.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="partitions"/> is out of its range.</exception>
    public static DStream<T> Repartition<T>(this DStream<T> stream, int partitions)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return new ExchangeStream<T>(stream, "Repartition", stream.PartitionsOr(partitions),
            sender => new RoundRobinPartitioner<T>(sender), byKey: false);
    }
}

/// <summary>
/// Assigns records to partitions round robin. Every sender begins at another partition, so that many small senders do
/// not all fill the first one.
/// </summary>
internal sealed class RoundRobinPartitioner<T>(int sender) : IPartitioner<T>
{
    private int _turns;   // how many partitions the turn has advanced since the batch began, modulo their number

    public void Targets(ReadOnlySpan<T> items, Span<int> targets, int partitions, in KeySalt salt)
    {
        int first = sender % partitions;
        int next = (first + _turns) % partitions;
        for (int i = 0; i < targets.Length; i++)
        {
            targets[i] = next;
            next = next + 1 == partitions ? 0 : next + 1;
        }

        _turns = (next - first + partitions) % partitions;
    }

    public void EndBatch() => _turns = 0;
}
