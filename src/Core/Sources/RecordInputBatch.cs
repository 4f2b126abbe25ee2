namespace FastStream.Runtime;

/// <summary>A batch of records in memory: each partition gets a contiguous split of them, in order.</summary>
/// <remarks>
/// Of n records, partition i of P gets those from i·n/P up to (i+1)·n/P. Nothing is copied: the memory must not change
/// until the batch is disposed. Different partitions may run at the same time, and may run again for a retry.
/// </remarks>
/// <example><code>protected override InputBatch&lt;int&gt; Cut(BatchTime time) => new
/// RecordInputBatch&lt;int&gt;(_readings);</code></example>
/// <typeparam name="T">The record.</typeparam>
public sealed class RecordInputBatch<T> : InputBatch<T>
{
    private readonly IReadOnlyList<ReadOnlyMemory<T>> _blocks;   // the records, in order
    private readonly long _count;                                // records in all blocks
    private readonly Action<RecordInputBatch<T>>? _release;   // releases the memory; null where nothing is to be released

    /// <summary>A batch of these records.</summary>
    /// <param name="records">The records, in order.</param>
    public RecordInputBatch(ReadOnlyMemory<T> records)
        : this([records], null)
    {
    }

    /// <summary>A batch of the records of several pieces of memory.</summary>
    /// <param name="blocks">The pieces, in order; empty ones do not matter.</param>
    /// <param name="release">Called once when nothing needs the batch any more, to release the memory; may be null.</param>
    public RecordInputBatch(IReadOnlyList<ReadOnlyMemory<T>> blocks, Action<RecordInputBatch<T>>? release)
    {
        ArgumentNullException.ThrowIfNull(blocks);
        _blocks = blocks;
        _release = release;
        foreach (ReadOnlyMemory<T> block in blocks)
        {
            _count += block.Length;
        }
    }

    /// <summary>The pieces of memory that hold the records, in order.</summary>
    public IReadOnlyList<ReadOnlyMemory<T>> Blocks => _blocks;

    internal static RecordInputBatch<T> Empty { get; } = new([], null);

    /// <inheritdoc/>
    public override long RecordCount => _count;

    /// <inheritdoc/>
    public override void Run(int partition, int partitionCount, RecordBuffer<T> output)
    {
        ArgumentNullException.ThrowIfNull(output);
        long start = Share(partition, partitionCount);
        long end = Share(partition + 1, partitionCount);
        foreach (ReadOnlyMemory<T> block in _blocks)
        {
            int from = (int)Math.Clamp(start, 0, block.Length);
            int to = (int)Math.Clamp(end, 0, block.Length);
            if (from < to)
            {
                output.Write(block.Span[from..to]);
            }

            start -= block.Length;
            end -= block.Length;
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing) => _release?.Invoke(this);

    // 128 bits: the product of a count and a partition number may exceed 63 bits.
    private long Share(int partition, int partitionCount) => (long)((Int128)_count * partition / partitionCount);
}

/// <summary>Creates batches from lists.</summary>
public static class RecordInputBatch
{
    /// <summary>
    /// A batch of a list's records. An array is used without a copy; other lists are copied, so that the caller may
    /// change them meanwhile.
    /// </summary>
    /// <param name="records">The records, in order.</param>
    public static RecordInputBatch<T> Of<T>(IReadOnlyList<T> records)
    {
        ArgumentNullException.ThrowIfNull(records);
        return records.Count == 0 ? RecordInputBatch<T>.Empty : new RecordInputBatch<T>(records as T[] ?? [.. records]);
    }

    /// <summary>A batch without records: always the same object, so that an idle input allocates nothing.</summary>
    public static RecordInputBatch<T> Empty<T>() => RecordInputBatch<T>.Empty;
}
