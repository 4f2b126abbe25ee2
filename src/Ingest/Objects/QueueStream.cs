using System.Collections.Concurrent;
using FastStream.Runtime;

namespace FastStream;

public static partial class StreamingContextSources
{
    /// <summary>
    /// Takes a batch from a queue at every tick. Batches may be added while the context runs; the caller must lock the
    /// queue then, as this source does.
    /// </summary>
    /// <example><code>
    /// var queue = new Queue&lt;IReadOnlyList&lt;int&gt;&gt;([[1, 2], [3]]);
    /// context.QueueStream(queue).Print();
    /// </code></example>
    /// <param name="context">The context.</param>
    /// <param name="queue">The batches; they must not change once they are in the queue.</param>
    /// <param name="oneAtATime">Whether a tick takes one batch (default), or joins all batches in the queue into one.</param>
    /// <param name="defaultBatch">The batch of a tick that finds the queue empty; null (default) for an empty batch.</param>
    public static DStream<T> QueueStream<T>(this StreamingContext context, Queue<IReadOnlyList<T>> queue,
        bool oneAtATime = true, IReadOnlyList<T>? defaultBatch = null)
    {
        ArgumentNullException.ThrowIfNull(queue);
        return context.FromSource(new QueueSource<T>(TryTake, oneAtATime, defaultBatch), "Queue");

        bool TryTake(out IReadOnlyList<T>? batch)
        {
            lock (queue)
            {
                return queue.TryDequeue(out batch);
            }
        }
    }

    /// <summary>Takes a batch from a queue at every tick; any thread may add batches meanwhile.</summary>
    /// <param name="context">The context.</param>
    /// <param name="queue">The batches; they must not change once they are in the queue.</param>
    /// <param name="oneAtATime">Whether a tick takes one batch (default), or joins all batches in the queue into one.</param>
    /// <param name="defaultBatch">The batch of a tick that finds the queue empty; null (default) for an empty batch.</param>
    public static DStream<T> QueueStream<T>(this StreamingContext context, ConcurrentQueue<IReadOnlyList<T>> queue,
        bool oneAtATime = true, IReadOnlyList<T>? defaultBatch = null)
    {
        ArgumentNullException.ThrowIfNull(queue);
        return context.FromSource(new QueueSource<T>(queue.TryDequeue, oneAtATime, defaultBatch), "Queue");
    }
}

internal delegate bool TryTakeBatch<T>(out IReadOnlyList<T>? batch);

internal sealed class QueueSource<T>(TryTakeBatch<T> tryTake, bool oneAtATime, IReadOnlyList<T>? defaultBatch) : Source<T>
{
    private readonly T[] _default = defaultBatch is null ? [] : [.. defaultBatch];
    private bool _hadNull;   // a null came after good batches: the last tick gave those, the next one reports the null

    protected override InputBatch<T> Cut(BatchTime time)
    {
        if (_hadNull)
        {
            _hadNull = false;
            throw NullBatch();
        }

        if (!tryTake(out IReadOnlyList<T>? first))
        {
            return RecordInputBatch.Of(_default);
        }

        if (oneAtATime)
        {
            return RecordInputBatch.Of(NotNull(first));
        }

        var blocks = new List<ReadOnlyMemory<T>> { Memory(first) };
        while (!_hadNull && tryTake(out IReadOnlyList<T>? next))
        {
            if (next is null)
            {
                _hadNull = true;
            }
            else
            {
                blocks.Add(Memory(next));
            }
        }

        return new RecordInputBatch<T>(blocks, null);
    }

    private static ReadOnlyMemory<T> Memory(IReadOnlyList<T>? batch) => NotNull(batch) as T[] ?? [.. batch!];

    private static IReadOnlyList<T> NotNull(IReadOnlyList<T>? batch) => batch ?? throw NullBatch();

    private static InvalidOperationException NullBatch() =>
        new("The queue had a null instead of a batch. Add an empty list for an empty batch.");
}
