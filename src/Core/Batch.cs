using System.Collections;
using System.Diagnostics;

namespace FastStream;

/// <summary>The records of one batch as an output sees them: by partition, in order.</summary>
/// <remarks>
/// Valid until the output's function has returned, or its task has completed; reading it later throws.
/// <see cref="Retain"/> extends its life. Reading is safe from any thread.
/// </remarks>
/// <typeparam name="T">The record.</typeparam>
[DebuggerDisplay("batch {Time}: {LongCount} records in {PartitionCount} partitions")]
public sealed class Batch<T> : IReadOnlyCollection<T>
{
    private readonly BatchContext? _context;                 // the context whose memory the records may point into
    private readonly RecordBlocks<T>[] _partitions;          // records of each partition
    private readonly RecordsLife _life;                      // shared with the partitions and enumerators of this batch
    private int _holders = 1;                                // the last of them returns the memory

    internal Batch(BatchContext? context, BatchTime time, RecordBlocks<T>[] partitions)
    {
        _context = context;
        Time = time;
        _partitions = partitions;
        _life = new RecordsLife(typeof(Batch<T>).Name, time,
            "Read them before the output's function (or its task) ends, or call Retain first, and dispose of its lease afterwards.");
        foreach (RecordBlocks<T> records in partitions)
        {
            LongCount += records.LongCount;
        }

        context?.Retain();
    }

    /// <summary>The batch's time, which identifies it: a batch that runs again has the same time.</summary>
    public BatchTime Time { get; }

    /// <summary>
    /// The batch's number: 1 for the first batch after <see cref="StreamingContext.ZeroTime"/>, and one more for each
    /// batch interval, whether or not its batch ran. It is the same in every run of a program with checkpoints.
    /// </summary>
    public long Number => _context?.Number ?? 0;

    /// <summary>
    /// Whether an earlier run of the program began this batch, and ended before it knew whether the batch's outputs
    /// were done (<see cref="StreamingOptions.Checkpoint"/>). An output that must not write a batch twice checks first
    /// whether this <see cref="Time"/> is written already.
    /// </summary>
    public bool IsReplay => _context?.IsReplay ?? false;

    /// <summary>
    /// Throws if the context has stopped and no longer waits for this output
    /// (<see cref="StreamingOptions.ImmediateStopTimeout"/>). Call it before an effect on something that another
    /// program may own by now.
    /// </summary>
    /// <exception cref="OperationCanceledException">The context has stopped without waiting for the batch.</exception>
    public void ThrowIfLeftBehind()
    {
        if (_context?.IsLeftBehind ?? false)
        {
            throw new OperationCanceledException($"The context has stopped without batch {Time}: do not output it any more.");
        }
    }

    /// <summary>Number of records in all partitions.</summary>
    public long LongCount { get; }

    /// <summary>Number of records in all partitions.</summary>
    /// <exception cref="OverflowException">There are more than <see cref="int.MaxValue"/>.</exception>
    public int Count => checked((int)LongCount);

    /// <summary>Whether there are no records.</summary>
    public bool IsEmpty => LongCount == 0;

    /// <summary>Number of partitions; empty ones count.</summary>
    public int PartitionCount => _partitions.Length;

    /// <summary>One partition's records, as blocks in order.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such partition.</exception>
    public BatchPartition<T> Partition(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, _partitions.Length);
        return new BatchPartition<T>(Held()[index], _life);
    }

    /// <summary>All partitions, in order.</summary>
    public IEnumerable<BatchPartition<T>> Partitions => Held().Select(blocks => new BatchPartition<T>(blocks, _life));

    /// <summary>All blocks of all partitions, in order: for a loop over spans.</summary>
    public IEnumerable<ReadOnlyMemory<T>> Blocks => Held().SelectMany(_life.Blocks);

    /// <summary>All records in a new array.</summary>
    public T[] ToArray()
    {
        var all = new T[LongCount];
        int next = 0;
        foreach (ReadOnlyMemory<T> block in Blocks)
        {
            block.CopyTo(all.AsMemory(next));
            next += block.Length;
        }

        return all;
    }

    /// <summary>The first <paramref name="count"/> records, or all if there are fewer, in a new array.</summary>
    public T[] Take(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        var first = new T[Math.Min(count, LongCount)];
        int next = 0;
        foreach (ReadOnlyMemory<T> block in Blocks)
        {
            if (next == first.Length)
            {
                break;
            }

            int taken = Math.Min(block.Length, first.Length - next);
            block[..taken].CopyTo(first.AsMemory(next));
            next += taken;
        }

        return first;
    }

    /// <summary>
    /// Holds the batch: its records stay valid until the lease is disposed, even after the output's function has
    /// returned.
    /// </summary>
    /// <remarks>
    /// The lease holds the received blocks that the records lie in: receivers wait when
    /// <see cref="StreamingOptions.MaxBufferedBytes"/> is reached.
    /// </remarks>
    /// <example><code>
    /// var held = new Queue&lt;BatchLease&lt;(string Key, long Value)&gt;&gt;();
    /// counts.ForEachBatch((batch, time) => held.Enqueue(batch.Retain()));
    /// using BatchLease&lt;(string Key, long Value)&gt; oldest = held.Dequeue();   // later
    /// foreach ((string word, long sum) in oldest.Batch) Console.WriteLine($"{word} {sum}");
    /// </code></example>
    /// <exception cref="ObjectDisposedException">The last holder has released the batch.</exception>
    public BatchLease<T> Retain()
    {
        AddHolder();
        return new BatchLease<T>(this);
    }

    /// <summary>Adds a holder: the records stay valid until the matching <see cref="Release"/>.</summary>
    /// <exception cref="ObjectDisposedException">The last holder has released the batch.</exception>
    internal void AddHolder()
    {
        int holders = Volatile.Read(ref _holders);
        while (true)
        {
            if (holders <= 0)
            {
                throw _life.Over();
            }

            int seen = Interlocked.CompareExchange(ref _holders, holders + 1, holders);
            if (seen == holders)
            {
                return;
            }

            holders = seen;
        }
    }

    /// <summary>Removes a holder; the last one returns the memory.</summary>
    /// <exception cref="InvalidOperationException">There were more calls than holders.</exception>
    internal void Release()
    {
        int left = Interlocked.Decrement(ref _holders);
        if (left < 0)
        {
            Interlocked.Increment(ref _holders);
            throw new InvalidOperationException(
                $"Batch {Time} was released more often than it was retained. Call Release once for each holder.");
        }

        if (left > 0)
        {
            return;
        }

        _life.End();
        foreach (RecordBlocks<T> records in _partitions)
        {
            records.Dispose();
        }

        _context?.Release();
    }

    /// <summary>Enumerates all records, partition by partition.</summary>
    public IEnumerator<T> GetEnumerator()
    {
        _life.ThrowIfOver();
        return Enumerate();
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private IEnumerator<T> Enumerate()
    {
        foreach (RecordBlocks<T> partition in _partitions)
        {
            using IEnumerator<T> records = _life.Records(partition);
            while (records.MoveNext())
            {
                yield return records.Current;
            }
        }
    }

    // Once the last holder has released the batch, its arrays belong to other batches.
    private RecordBlocks<T>[] Held()
    {
        _life.ThrowIfOver();
        return _partitions;
    }
}

/// <summary>One partition of a batch, valid as long as the batch: reading it later throws <see cref="ObjectDisposedException"/>.</summary>
/// <typeparam name="T">The record.</typeparam>
public readonly struct BatchPartition<T> : IReadOnlyCollection<T>, IEquatable<BatchPartition<T>>
{
    private readonly RecordBlocks<T> _blocks;

    private readonly RecordsLife _life;

    internal BatchPartition(RecordBlocks<T> blocks, RecordsLife life)
    {
        _blocks = blocks;
        _life = life;
    }

    /// <summary>The records as blocks, in order.</summary>
    public IEnumerable<ReadOnlyMemory<T>> Blocks => _life.Blocks(_blocks);

    /// <summary>Number of records.</summary>
    public int Count
    {
        get
        {
            _life.ThrowIfOver();
            return _blocks.Count;
        }
    }

    /// <summary>The records in a new array.</summary>
    public T[] ToArray()
    {
        _life.ThrowIfOver();
        return _blocks.ToArray();
    }

    /// <summary>Enumerates the records.</summary>
    public IEnumerator<T> GetEnumerator() => _life.Records(_blocks);

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Whether both are the same partition of the same batch.</summary>
    public bool Equals(BatchPartition<T> other) => ReferenceEquals(_blocks, other._blocks) && ReferenceEquals(_life, other._life);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is BatchPartition<T> other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => _blocks?.GetHashCode() ?? 0;

    /// <summary>Whether both are the same partition of the same batch.</summary>
    public static bool operator ==(BatchPartition<T> left, BatchPartition<T> right) => left.Equals(right);

    /// <summary>Whether they are different partitions.</summary>
    public static bool operator !=(BatchPartition<T> left, BatchPartition<T> right) => !left.Equals(right);
}
