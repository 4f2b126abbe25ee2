namespace FastStream;

/// <summary>Tells a context's listeners what happens to one input's receiver. Safe from any thread.</summary>
internal sealed class ReceiverEvents(DStream stream)
{
    private volatile bool _isActive;
    private string? _lastMessage;
    private Exception? _lastError;

    /// <summary>The receiver's state, as listeners see it.</summary>
    public ReceiverInfo Info => new(stream.Id, stream.Name, _isActive, _lastMessage, _lastError);

    /// <summary>It receives.</summary>
    public void Started()
    {
        _isActive = true;
        ReceiverInfo info = Info;
        stream.Context.Post(listener => listener.OnReceiverStarted(info));
    }

    /// <summary>Something went wrong; what it does now is in the message.</summary>
    public void Error(string message, Exception? error)
    {
        _lastMessage = message;
        _lastError = error;
        ReceiverInfo info = Info;
        stream.Context.Post(listener => listener.OnReceiverError(info));
    }

    /// <summary>It has ended by an error, for good: the context's policy decides.</summary>
    public void Failed(string message, Exception error)
    {
        Error(message, error);
        stream.Context.OnInputFailed(new StreamingException($"Input {stream.Name} gives nothing any more. {message}", error)
            { OperatorName = stream.Name });
    }

    /// <summary>The receiving has ended in a way that nobody thought of: the context fails, rather than staying active and deaf.</summary>
    public void Unexpected(Exception error)
    {
        string message = $"{stream.Name} has stopped receiving because of an error that it does not expect: {error.Message}";
        Error(message, error);
        stream.Context.Fail(new StreamingException(message, error));
    }

    /// <summary>Keeps a message for the next event: why it stops.</summary>
    public void Note(string message) => _lastMessage = message;

    /// <summary>It receives no more.</summary>
    public void Stopped()
    {
        _isActive = false;
        ReceiverInfo info = Info;
        stream.Context.Post(listener => listener.OnReceiverStopped(info));
    }
}
