namespace FastStream.Runtime;

/// <summary>
/// The program as a running source sees it: its options and names, and the methods by which the source reports events.
/// </summary>
/// <remarks>Safe from any thread. The context's listeners receive the reports on their own thread, in order.</remarks>
public sealed class SourceContext
{
    private readonly DStream _stream;
    private volatile bool _isActive;
    private volatile string? _lastMessage;
    private volatile Exception? _lastError;

    internal SourceContext(DStream stream) => _stream = stream;

    /// <summary>The context that runs the source.</summary>
    public StreamingContext StreamingContext => _stream.Context;

    /// <summary>The context's options.</summary>
    public StreamingOptions Options => _stream.Context.Options;

    /// <summary>Number of the stream that the source feeds.</summary>
    public int StreamId => _stream.Id;

    /// <summary>Name of the stream that the source feeds, for messages; final when the context starts.</summary>
    public string Name => _stream.Name;

    /// <summary>Number of partitions that a batch is split among.</summary>
    public int PartitionCount => _stream.PartitionCount;

    /// <summary>
    /// The source's journal, where it <c>KeepsJournal</c> and the context has checkpoints; else null. Set before a
    /// position or a batch is loaded.
    /// </summary>
    public ReceiverJournal? Journal { get; internal set; }

    /// <summary>The source's state as listeners see it.</summary>
    public ReceiverInfo Info => new(_stream.Id, _stream.Name, _isActive, _lastMessage, _lastError);

    /// <summary>Tells listeners that the source receives (<see cref="StreamingListener.OnReceiverStarted"/>).</summary>
    public void ReportStarted()
    {
        _isActive = true;
        ReceiverInfo info = Info;
        _stream.Context.Post(listener => listener.OnReceiverStarted(info));
    }

    /// <summary>
    /// Tells listeners of an error after which the source continues (<see cref="StreamingListener.OnReceiverError"/>).
    /// </summary>
    /// <param name="message">What went wrong, and what the source does now.</param>
    /// <param name="error">The error itself; null (default) if there is none.</param>
    public void ReportError(string message, Exception? error = null)
    {
        ArgumentNullException.ThrowIfNull(message);
        _lastMessage = message;
        _lastError = error;
        ReceiverInfo info = Info;
        _stream.Context.Post(listener => listener.OnReceiverError(info));
    }

    /// <summary>
    /// Tells listeners that the source has stopped receiving (<see cref="StreamingListener.OnReceiverStopped"/>).
    /// </summary>
    /// <param name="message">Why; null (default) to keep the last error's message.</param>
    public void ReportStopped(string? message = null)
    {
        _lastMessage = message ?? _lastMessage;
        _isActive = false;
        ReceiverInfo info = Info;
        _stream.Context.Post(listener => listener.OnReceiverStopped(info));
    }

    /// <summary>
    /// The source has ended for good with an error. Listeners are told, and
    /// <see cref="StreamingOptions.OnBatchFailure"/> decides: either the context continues without the source, or it
    /// processes what was received in a last batch, stops gracefully and fails.
    /// </summary>
    /// <param name="message">What went wrong.</param>
    /// <param name="error">The error itself.</param>
    public void EndByError(string message, Exception error)
    {
        ReportError(message, error);
        _stream.Context.OnInputFailed(
            new StreamingException($"Input {Name} has ended with an error. {message}", error) { OperatorName = Name });
    }

    /// <summary>
    /// Tells listeners of an error and stops the context at once, whatever the policy is: for errors after which the
    /// source cannot continue.
    /// </summary>
    /// <param name="error">Why, in a sentence that says what to do.</param>
    public void Fail(StreamingException error)
    {
        ArgumentNullException.ThrowIfNull(error);
        ReportError(error.Message, error);
        _stream.Context.Fail(error);
    }

    /// <summary>
    /// As <see cref="Fail(StreamingException)"/>, for an error that the source does not expect, so that it does not
    /// stay active without receiving.
    /// </summary>
    /// <param name="error">The error.</param>
    public void FailUnexpectedly(Exception error)
    {
        ArgumentNullException.ThrowIfNull(error);
        string message = $"{Name} has stopped receiving because of an error that it does not expect: {error.Message}";
        ReportError(message, error);
        _stream.Context.Fail(new StreamingException(message, error));
    }

    /// <summary>
    /// Warns listeners (<see cref="StreamingListener.OnWarning"/>) of something that is not a receiving error.
    /// </summary>
    /// <param name="message">What was seen, what it means, and what to do.</param>
    /// <param name="error">The error behind it; null (default) if there is none.</param>
    public void Warn(string message, Exception? error = null) => _stream.Context.Warn(message, error);

    /// <summary>Adds records that the source drops by policy to <see cref="StreamingMetrics.DroppedRecords"/>.</summary>
    /// <param name="records">The number of records to add.</param>
    public void CountDropped(long records) => _stream.Context.Metrics.AddDroppedRecords(records);

    /// <summary>
    /// Says which part of this program writes into a directory or into one above it: its checkpoints, or an output's
    /// files. For sources that read directories, which must not take these files for data.
    /// </summary>
    /// <param name="directory">The directory.</param>
    /// <returns>Its description, such as "the checkpoints of this program"; null where nothing writes there.</returns>
    public string? FindOwnWriter(string directory) => _stream.Context.OwnFiles.WriterOf(directory);
}
