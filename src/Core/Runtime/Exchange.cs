using System.Buffers;
using System.Runtime.CompilerServices;

namespace FastStream.Runtime;

/// <summary>Decides to which partition each record of a sending partition goes.
/// <see cref="DStreamOperators.PartitionBy{T}"/> exchanges by one.</summary>
/// <remarks>One serves one sending partition, and is called by one thread at a time. The same batch must always be dealt out
/// alike: a batch that failed runs again, and one of before a crash too.</remarks>
/// <typeparam name="T">The record.</typeparam>
public interface IPartitioner<T>
{
    /// <summary>Writes the target partition of each record.</summary>
    /// <param name="items">Records of the sending partition, in their order.</param>
    /// <param name="targets">One place for each record: to be filled with numbers from 0 to below <paramref name="partitions"/>.</param>
    /// <param name="partitions">Number of partitions behind the exchange, at least 1.</param>
    /// <param name="salt">Says which partition owns a key, where the target comes from one: <see cref="KeySalt.PartitionOf"/>.</param>
    void Targets(ReadOnlySpan<T> items, Span<int> targets, int partitions, in KeySalt salt);

    /// <summary>
    /// Whether each record goes to the partition of its key's group (<see cref="KeySalt.PartitionOf"/>), and another process
    /// with the same salt sends it to the same one
    /// (<see cref="KeySalt.IsStable"/> of the key's type). Then keyed operators behind need no exchange, and what they keep is
    /// saved by key group. By itself false.
    /// </summary>
    bool IsByStableKey => false;

    /// <summary>The batch is over or given up: the next one is dealt out as if it were the first. By itself nothing.</summary>
    void EndBatch()
    {
    }
}

/// <summary>Records cross to other partitions: the chain is cut here, and a new stage begins.</summary>
/// <remarks>
/// Each sender fills pooled arrays for each target and posts them to the targets' mailboxes at its end of the batch. A
/// receiver takes the arrays of sender 0 as they come and those of the others after it, so that the same input always
/// gives the same order.
/// </remarks>
/// <param name="parent">Where the records come from.</param>
/// <param name="operatorName">The word shown for it.</param>
/// <param name="partitions">Partitions after the exchange, at least 1.</param>
/// <param name="partitionerOf">Makes the route of a sending partition.</param>
/// <param name="byKey">Whether the route sends each key to the partition of its hash.</param>
internal sealed class ExchangeStream<T>(DStream<T> parent, string operatorName, int partitions,
    Func<int, IPartitioner<T>> partitionerOf, bool byKey)
    : DStream<T>(parent.Context, operatorName, parent)
{
    public override int PartitionCount => partitions;

    public override IPartitioner<T>? Partitioner => byKey ? partitionerOf(0) : null;

    public override bool HasUniqueKeys => SharesStageWithParents && parent.HasUniqueKeys;

    // Where nothing crosses the chain goes straight on: from one partition to one partition, and where each key is in
    // its partition already.
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
internal sealed class ExchangeSender<T>(int sender, IPartitioner<T> route, KeySalt salt,
    ExchangeReceiver<T>[] receivers, StageRunner[] runners) : LastOperator<T>
{
    private const int BlockRecords = 2048;

    private readonly KeySalt _salt = salt;
    private readonly T[]?[] _filling = new T[]?[receivers.Length];   // the array being filled for each target
    private readonly int[] _counts = new int[receivers.Length];      // records in it
    private readonly int[] _targets = new int[RecordBuffer.SpanRecords];
    private readonly List<(int Target, T[] Records)> _full = [];     // full arrays, posted when the span is done

    [MethodImpl(MethodImplOptions.NoInlining)]
    public override void OnRecords(ReadOnlySpan<T> items)
    {
        Span<int> targets = _targets.AsSpan(0, items.Length);
        route.Targets(items, targets, receivers.Length, in _salt);
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
        route.EndBatch();
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
        route.EndBatch();
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

/// <summary>The receiving side of an exchange, for one partition: the first operator's feeder.</summary>
internal sealed class ExchangeReceiver<T>(Operator<T> next, int senders) : StageRoot
{
    // messages of senders whose turn has not come
    private readonly Queue<StageMessage>[] _waiting = Enumerable.Range(0, senders).Select(_ => new Queue<StageMessage>()).ToArray();
    // the sender whose messages run at once
    private int _turn;
    // the batch has, for what follows
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
