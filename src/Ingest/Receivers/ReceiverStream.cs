namespace FastStream;

/// <summary>Streams of what a receiver stores.</summary>
public static class ReceiverStreamExtensions
{
    /// <summary>The records that a receiver stores; each batch has what was stored since the last.</summary>
    /// <example><code>context.ReceiverStream(new MqttReceiver("broker", "sensors/#")).Print();</code></example>
    /// <param name="context">The context, which starts and stops the receiver.</param>
    /// <param name="receiver">The receiver; it can feed one stream.</param>
    /// <exception cref="InvalidOperationException">The receiver feeds a stream already, or the context has started.</exception>
    public static DStream<T> ReceiverStream<T>(this StreamingContext context, Receiver<T> receiver)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(receiver);
        return new ReceiverInputDStream<T>(context, receiver, "Receiver");
    }
}

internal sealed class ReceiverInputDStream<T> : InputDStream<T>
{
    private readonly ReceiverSupervisor<T> _supervisor;

    public ReceiverInputDStream(StreamingContext context, Receiver<T> receiver, string operatorName)
        : base(context, operatorName)
    {
        _supervisor = new ReceiverSupervisor<T>(this, receiver);
    }

    protected internal override ValueTask StartAsync(CancellationToken cancellationToken)
    {
        _supervisor.Start(cancellationToken);
        return ValueTask.CompletedTask;
    }

    internal override bool IsHeldUp => _supervisor.Queue.Held >= Context.Options.MaxBufferedRecords;

    protected internal override InputBatch<T> Cut(BatchTime time) => _supervisor.Queue.Cut();

    // First that it has ended: what it stored is seen then.
    protected internal override bool HasEnded => _supervisor.HasEnded && _supervisor.Queue.IsEmpty;

    protected internal override ValueTask StopAsync() => _supervisor.StopAsync();

    protected internal override ValueTask CloseAsync()
    {
        _supervisor.Close();
        return ValueTask.CompletedTask;
    }
}
