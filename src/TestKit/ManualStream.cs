namespace FastStream.Testing;

/// <summary>
/// An input that a test fills by hand: each batch interval takes one added batch, or an empty one when none is left.
/// </summary>
/// <remarks>
/// Of n records, partition i of P gets those from i·n/P up to, but not including, (i+1)·n/P. Safe from any thread.
/// </remarks>
/// <example><code>
/// var numbers = new ManualStream&lt;int&gt;(context);
/// numbers.Add(1, 2, 3);
/// </code></example>
/// <typeparam name="T">The record.</typeparam>
public sealed class ManualStream<T> : InputDStream<T>
{
    private readonly Lock _lock = new();                          // guards _batches
    private readonly Queue<IReadOnlyList<T>> _batches = [];       // added, not cut yet
    private bool _isComplete;                                     // nothing may be added any more

    /// <summary>Describes an input of the context.</summary>
    /// <exception cref="InvalidOperationException">The context was started already.</exception>
    public ManualStream(StreamingContext context)
        : base(context, "ManualStream")
    {
    }

    /// <summary>Number of batches that no batch interval has taken yet.</summary>
    public int PendingBatches
    {
        get
        {
            lock (_lock)
            {
                return _batches.Count;
            }
        }
    }

    /// <summary>Adds one batch, behind those that wait.</summary>
    /// <param name="batch">The records; they must not change before the batch is done. An empty list makes an empty
    /// batch.</param>
    /// <exception cref="InvalidOperationException">The input was completed.</exception>
    public void Add(params IReadOnlyList<T> batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        lock (_lock)
        {
            if (_isComplete)
            {
                throw new InvalidOperationException($"{Name} was completed; nothing can be added any more. Add before Complete.");
            }

            _batches.Enqueue(batch);
        }
    }

    /// <summary>
    /// Declares that nothing will be added any more: the input ends when all added batches are taken
    /// (<see cref="StreamingOptions.StopWhenInputsEnd"/>).
    /// </summary>
    public void Complete()
    {
        lock (_lock)
        {
            _isComplete = true;
        }
    }

    /// <inheritdoc/>
    protected override bool HasEnded
    {
        get
        {
            lock (_lock)
            {
                return _isComplete && _batches.Count == 0;
            }
        }
    }

    /// <inheritdoc/>
    protected override InputBatch<T> Cut(BatchTime time)
    {
        lock (_lock)
        {
            return _batches.TryDequeue(out IReadOnlyList<T>? batch) ? RecordInputBatch.Of(batch) : RecordInputBatch.Empty<T>();
        }
    }
}
