namespace FastStream.Testing;

/// <summary>One event of a context, as a value.</summary>
/// <param name="Name">The event's name without <c>On</c>, such as <c>BatchCompleted</c>.</param>
/// <param name="Time">The batch's time; null for events outside of batches.</param>
/// <param name="OutputIndex">The output's number for output events, else null.</param>
/// <param name="Batch">What was known about the batch; null for events outside of batches.</param>
/// <param name="Message">The text of a warning or failure; null for other events.</param>
public sealed record ListenerEvent(string Name, BatchTime? Time, int? OutputIndex, BatchInfo? Batch, string? Message)
{
    /// <summary>Name, time and output: <c>OutputCompleted 1000 ms #0</c>.</summary>
    public override string ToString() => $"{Name}{(Time is { } time ? $" {time}" : "")}{(OutputIndex is { } index ? $" #{index}" : "")}";
}

/// <summary>
/// Records all events of a context, in order. Events arrive on a thread of their own: read them after the context was
/// disposed, when all have arrived.
/// </summary>
public sealed class ListenerRecorder : StreamingListener
{
    private readonly Lock _lock = new();                // guards _events
    private readonly List<ListenerEvent> _events = [];

    /// <summary>The events so far, in order; a copy.</summary>
    public IReadOnlyList<ListenerEvent> Events
    {
        get
        {
            lock (_lock)
            {
                return _events.ToArray();
            }
        }
    }

    /// <summary>The failures of batches that failed for good, in time order.</summary>
    public IReadOnlyList<StreamingException> Failures =>
        Events.Where(heard => heard.Name == "BatchCompleted").Select(heard => heard.Batch!.Failure).OfType<StreamingException>().ToArray();

    /// <inheritdoc/>
    public override void OnStreamingStarted(BatchTime zeroTime) => Add("StreamingStarted", zeroTime, null, null, null);

    /// <inheritdoc/>
    public override void OnBatchSubmitted(BatchInfo batch) => Add("BatchSubmitted", batch?.Time, null, batch, null);

    /// <inheritdoc/>
    public override void OnBatchStarted(BatchInfo batch) => Add("BatchStarted", batch?.Time, null, batch, null);

    /// <inheritdoc/>
    public override void OnOutputStarted(BatchInfo batch, int outputIndex) => Add("OutputStarted", batch?.Time, outputIndex, batch, null);

    /// <inheritdoc/>
    public override void OnOutputCompleted(BatchInfo batch, OutputInfo output) =>
        Add("OutputCompleted", batch?.Time, output?.Index, batch, output?.Failure);

    /// <inheritdoc/>
    public override void OnBatchCompleted(BatchInfo batch) => Add("BatchCompleted", batch?.Time, null, batch, batch?.Failure?.Message);

    /// <inheritdoc/>
    public override void OnReceiverStarted(ReceiverInfo receiver) => Add("ReceiverStarted", null, null, null, null);

    /// <inheritdoc/>
    public override void OnReceiverError(ReceiverInfo receiver) => Add("ReceiverError", null, null, null, receiver?.LastErrorMessage);

    /// <inheritdoc/>
    public override void OnReceiverStopped(ReceiverInfo receiver) => Add("ReceiverStopped", null, null, null, receiver?.LastErrorMessage);

    /// <inheritdoc/>
    public override void OnWarning(string message, Exception? error) => Add("Warning", null, null, null, message);

    private void Add(string name, BatchTime? time, int? outputIndex, BatchInfo? batch, string? message)
    {
        lock (_lock)
        {
            _events.Add(new ListenerEvent(name, time, outputIndex, batch, message));
        }
    }
}
