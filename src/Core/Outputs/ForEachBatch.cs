namespace FastStream;

public static partial class DStreamOperators
{
    /// <summary>Runs a function on every batch of the stream, also on empty ones, in time order.</summary>
    /// <example><code>counts.ForEachBatch((batch, time) => Console.WriteLine($"{time}: {batch.Count} keys"));</code></example>
    /// <param name="stream">The stream.</param>
    /// <param name="action">Receives the batch, valid during the call, and its time. If it throws, the batch fails.</param>
    public static OutputOperation ForEachBatch<T>(this DStream<T> stream, Action<Batch<T>, BatchTime> action)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(action);
        return stream.AddOutput("ForEachBatch", (batch, _) =>
        {
            action(batch, batch.Time);
            return ValueTask.CompletedTask;
        });
    }

    /// <summary>
    /// Runs an asynchronous function on every batch of the stream; the next batch's outputs begin when its task
    /// completes.
    /// </summary>
    /// <example><code>counts.ForEachBatch(async (batch, time, cancellation) => await store.SaveAsync(time.Milliseconds,
    /// batch.ToArray(), cancellation));</code></example>
    /// <param name="stream">The stream.</param>
    /// <param name="action">Receives the batch, valid until the task completes, its time, and a token that is cancelled
    /// when the context stops at once.</param>
    public static OutputOperation ForEachBatch<T>(this DStream<T> stream, Func<Batch<T>, BatchTime, CancellationToken, ValueTask> action)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(action);
        return stream.AddOutput("ForEachBatch", (batch, cancellation) => action(batch, batch.Time, cancellation));
    }

    /// <summary>
    /// Runs an asynchronous function on every batch of the stream; the next batch's outputs begin when its task
    /// completes.
    /// </summary>
    /// <param name="stream">The stream.</param>
    /// <param name="action">Receives the batch, valid until the task completes, and its time.</param>
    public static OutputOperation ForEachBatch<T>(this DStream<T> stream, Func<Batch<T>, BatchTime, Task> action)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(action);
        return stream.AddOutput("ForEachBatch", (batch, _) => new ValueTask(action(batch, batch.Time)));
    }

    internal static OutputOperation AddOutput<T>(this DStream<T> stream, string operatorName,
        Func<Batch<T>, CancellationToken, ValueTask> action) =>
        new BatchOutput<T>(stream, operatorName, action);
}

/// <summary>
/// Collects a stream's records in every partition and runs a function on the whole batch; runs another function, if one
/// is given, when the context has stopped.
/// </summary>
internal class BatchOutput<T>(DStream<T> stream, string operatorName,
    Func<Batch<T>, CancellationToken, ValueTask> action, Action? close = null)
    : OutputOperation(stream, operatorName)
{
    private readonly Collector<T>[] _collectors = new Collector<T>[stream.PartitionCount];

    internal override void Connect(GraphBuilder graph) =>
        graph.Attach(stream, () => Name, Origin, partition => _collectors[partition] = new Collector<T>());

    internal override OutputJob TakeJob(BatchContext batch)
    {
        var partitions = new RecordBlocks<T>[_collectors.Length];
        for (int i = 0; i < partitions.Length; i++)
        {
            partitions[i] = _collectors[i].Take();
        }

        return new Job(new Batch<T>(batch, batch.Time, partitions), action);
    }

    internal override void Reset()
    {
        foreach (Collector<T> collector in _collectors)
        {
            collector.Forget();
        }
    }

    internal override void Close() => close?.Invoke();

    private sealed class Job(Batch<T> batch, Func<Batch<T>, CancellationToken, ValueTask> action) : OutputJob
    {
        public override ValueTask RunAsync(CancellationToken cancellationToken) => action(batch, cancellationToken);

        public override void Release() => batch.Release();
    }
}
