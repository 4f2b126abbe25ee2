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

    /// <summary>It receives no more.</summary>
    public void Stopped(string? message = null, Exception? error = null)
    {
        _isActive = false;
        _lastMessage = message ?? _lastMessage;
        _lastError = error ?? _lastError;
        ReceiverInfo info = Info;
        stream.Context.Post(listener => listener.OnReceiverStopped(info));
    }
}
