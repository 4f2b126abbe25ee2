using System.Buffers;
using System.Runtime.CompilerServices;

namespace FastStream.Runtime;

/// <summary>
/// Chooses the target partition of each record of a sending partition. <see cref="DStreamOperators.PartitionBy{T}"/>
/// uses one.
/// </summary>
/// <remarks>
/// An instance serves one sending partition, and one thread at a time calls it. The same batch must always be
/// partitioned in the same way: a failed batch runs again, and so may a batch from before a crash.
/// </remarks>
/// <typeparam name="T">The record.</typeparam>
public interface IPartitioner<T>
{
    /// <summary>Writes the target partition of each record.</summary>
    /// <param name="items">Records of the sending partition, in their order.</param>
    /// <param name="targets">
    /// One element for each record, to be filled with a number from 0 up to, but not including,
    /// <paramref name="partitions"/>.
    /// </param>
    /// <param name="partitions">Number of partitions behind the exchange, at least 1.</param>
    /// <param name="salt">
    /// Determines which partition owns a key, for targets chosen by key: <see cref="KeySalt.PartitionOf"/>.
    /// </param>
    void Targets(ReadOnlySpan<T> items, Span<int> targets, int partitions, in KeySalt salt);

    /// <summary>
    /// Whether each record goes to the partition of its key's group (<see cref="KeySalt.PartitionOf"/>), and another
    /// process with the same salt sends the record to the same partition (<see cref="KeySalt.IsStable"/> of the key's
    /// type). Then keyed operators downstream need no exchange, and their state is saved by key group. By default
    /// false.
    /// </summary>
    bool IsByStableKey => false;

    /// <summary>
    /// Called when the batch ends or is given up: the next batch is partitioned as if it were the first. By default,
    /// does nothing.
    /// </summary>
    void EndBatch()
    {
    }
}

/// <summary>An exchange, where records cross to other partitions: one stage ends here, and a new one begins.</summary>
/// <remarks>
/// Each sender buffers records in pooled arrays per target partition and posts them to the targets' mailboxes. A
/// receiver takes the arrays of sender 0 as they arrive and then those of the other senders in order, so that the same
/// input always gives the same order.
/// </remarks>
/// <param name="parent">Where the records come from.</param>
/// <param name="operatorName">The word shown for it.</param>
/// <param name="partitions">Partitions after the exchange, at least 1.</param>
/// <param name="partitionerOf">Creates the partitioner of a sending partition.</param>
/// <param name="byKey">Whether the partitioner sends each key to the partition of its hash.</param>
internal sealed class ExchangeStream<T>(DStream<T> parent, string operatorName, int partitions,
    Func<int, IPartitioner<T>> partitionerOf, bool byKey)
    : DStream<T>(parent.Context, operatorName, parent)
{
    public override int PartitionCount => partitions;

    public override IPartitioner<T>? Partitioner => byKey ? partitionerOf(0) : null;

    public override bool HasUniqueKeys => SharesStageWithParents && parent.HasUniqueKeys;

    // The chain continues without an exchange where no record crosses: from one partition to one partition, and where
    // each key is already in its partition.
    internal override bool SharesStageWithParents =>
        parent.PartitionCount == partitions && (partitions == 1 || (byKey && parent.IsPartitionedByKey));

    protected internal override void Connect(GraphBuilder graph, Operator<T>[] outputs)
    {
        if (SharesStageWithParents)
        {
            graph.Attach(parent, this, partition => outputs[partition]);
            return;
        }

        var receivers = new ExchangeReceiver<T>[partitions];
        var runners = new StageRunner[partitions];
        for (int partition = 0; partition < partitions; partition++)
        {
            runners[partition] = graph.Runner(this, partition);
            receivers[partition] = new ExchangeReceiver<T>(outputs[partition], parent.PartitionCount);
            graph.AddRoot(receivers[partition]);
        }

        graph.Attach(parent, this, sender => new ExchangeSender<T>(sender, partitionerOf(sender), graph.Salt, receivers, runners));
    }
}

/// <summary>The sending side of an exchange, for one partition.</summary>
internal sealed class ExchangeSender<T>(int sender, IPartitioner<T> partitioner, KeySalt salt,
    ExchangeReceiver<T>[] receivers, StageRunner[] runners) : LastOperator<T>
{
    private const int BlockRecords = 2048;

    private readonly KeySalt _salt = salt;
    private readonly T[]?[] _filling = new T[]?[receivers.Length];   // the array being filled for each target
    private readonly int[] _counts = new int[receivers.Length];      // records in it
    private readonly int[] _targets = new int[RecordBuffer.SpanRecords];
    private readonly List<(int Target, T[] Records)> _full = [];     // full arrays, posted at the end of the span

    [MethodImpl(MethodImplOptions.NoInlining)]
    public override void OnRecords(ReadOnlySpan<T> items)
    {
        Span<int> targets = _targets.AsSpan(0, items.Length);
        partitioner.Targets(items, targets, receivers.Length, in _salt);
        for (int i = 0; i < items.Length; i++)
        {
            int target = targets[i];
            T[] records = _filling[target] ??= ArrayPool<T>.Shared.Rent(BlockRecords);
            records[_counts[target]] = items[i];
            if (++_counts[target] == BlockRecords)
            {
                _full.Add((target, records));
                _filling[target] = null;
                _counts[target] = 0;
            }
        }
    }

    public override void OnBatchEnd(BatchContext batch)
    {
        partitioner.EndBatch();
        foreach ((int target, T[] records) in _full)
        {
            runners[target].Post(new StageMessage(receivers[target], batch, records, BlockRecords, sender));
        }

        _full.Clear();
        for (int target = 0; target < receivers.Length; target++)
        {
            if (_filling[target] is { } records)
            {
                runners[target].Post(new StageMessage(receivers[target], batch, records, _counts[target], sender));
                _filling[target] = null;
                _counts[target] = 0;
            }

            runners[target].Post(new StageMessage(receivers[target], batch, null, 0, sender));
        }
    }

    public override void Reset(BatchContext batch)
    {
        partitioner.EndBatch();
        foreach ((_, T[] records) in _full)
        {
            ExchangeReceiver<T>.Return(records);
        }

        _full.Clear();
        for (int target = 0; target < receivers.Length; target++)
        {
            if (_filling[target] is { } records)
            {
                ExchangeReceiver<T>.Return(records);
                _filling[target] = null;
                _counts[target] = 0;
            }
        }
    }
}

/// <summary>The receiving side of an exchange, for one partition: it feeds the first operator.</summary>
internal sealed class ExchangeReceiver<T>(Operator<T> next, int senders) : StageRoot
{
    // messages of senders whose turn has not come
    private readonly Queue<StageMessage>[] _waiting = Enumerable.Range(0, senders).Select(_ => new Queue<StageMessage>()).ToArray();
    // the sender whose messages are handled at once, without queueing
    private int _turn;
    // whether the batch has begun for the operators downstream
    private bool _hasBegun;

    public override void Receive(in StageMessage message)
    {
        if (message.Sender != _turn)
        {
            _waiting[message.Sender].Enqueue(message);
            return;
        }

        Run(message);
        while (_turn < senders && _waiting[_turn].TryDequeue(out StageMessage waiting))
        {
            Run(waiting);
        }

        if (_turn == senders)
        {
            _turn = 0;
            _hasBegun = false;
            next.OnBatchEnd(message.Batch);
        }
    }

    public override void Drop(in StageMessage message)
    {
        if (message.Records is T[] records)
        {
            Return(records);
        }
    }

    public override void Reset(BatchContext batch)
    {
        foreach (Queue<StageMessage> queue in _waiting)
        {
            while (queue.TryDequeue(out StageMessage message))
            {
                Drop(message);
            }
        }

        _turn = 0;
        _hasBegun = false;
        next.Reset(batch);
    }

    internal static void Return(T[] records) => ArrayPool<T>.Shared.Return(records, RuntimeHelpers.IsReferenceOrContainsReferences<T>());

    private void Run(in StageMessage message)
    {
        if (!_hasBegun)
        {
            _hasBegun = true;
            next.OnBatchStart(message.Batch);
        }

        if (message.Records is not T[] records)
        {
            _turn++;
            return;
        }

        try
        {
            for (int start = 0; start < message.Count; start += RecordBuffer.SpanRecords)
            {
                next.OnRecords(records.AsSpan(start, Math.Min(RecordBuffer.SpanRecords, message.Count - start)));
            }
        }
        finally
        {
            Return(records);
        }
    }
}
