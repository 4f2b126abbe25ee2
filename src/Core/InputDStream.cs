namespace FastStream;

/// <summary>A stream's root: what has arrived since the last batch is cut off at every tick.</summary>
/// <remarks>To add a source, derive from this (or from a receiver in FastStream.Ingest) and write <see cref="Cut"/>; docs/recipes.md shows how.</remarks>
/// <typeparam name="T">The record.</typeparam>
public abstract class InputDStream<T> : DStream<T>, IInputStream
{
    /// <summary>Describes an input of the context.</summary>
    protected InputDStream(StreamingContext context, string operatorName)
        : base(context, operatorName)
    {
        context.AddInput(this);
    }

    /// <summary>Called once when the context starts, before the first batch; must not wait for data.</summary>
    /// <param name="cancellationToken">Cancelled when the context stops at once.</param>
    protected internal virtual ValueTask StartAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <summary>Called once when the context stops: end receiving; all that was received must be given by the next <see cref="Cut"/>.</summary>
    protected internal virtual ValueTask StopAsync() => ValueTask.CompletedTask;

    /// <summary>Called once, last: no batch runs any more and no <see cref="Cut"/> follows. Gives back what was received and never cut.</summary>
    protected internal virtual ValueTask CloseAsync() => ValueTask.CompletedTask;

    /// <summary>Hands over what has arrived until now; called by one thread, once for each batch, in time order; must be quick and must not wait.</summary>
    protected internal abstract InputBatch<T> Cut(BatchTime time);

    /// <summary>Whether it takes nothing more before a batch gives room back: what is cut then holds little, and waiting with the cut loses nothing.</summary>
    internal virtual bool IsHeldUp => false;

    /// <inheritdoc/>
    protected internal sealed override void Connect(GraphBuilder graph, Operator<T>[] outputs)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(outputs);
        for (int partition = 0; partition < outputs.Length; partition++)
        {
            graph.AddInputRoot(this, partition, new InputRoot<T>(this, partition, outputs[partition]));
        }
    }

    bool IInputStream.IsHeldUp => IsHeldUp;

    ValueTask IInputStream.StartAsync(CancellationToken cancellationToken) => StartAsync(cancellationToken);

    ValueTask IInputStream.StopAsync() => StopAsync();

    ValueTask IInputStream.CloseAsync() => CloseAsync();

    InputBatch IInputStream.Cut(BatchTime time) => Cut(time) ?? throw new InvalidOperationException($"{Name} gave no batch at {time}. Cut must return an empty batch where nothing has arrived.");
}

/// <summary>An input as the scheduler sees it, without the record type.</summary>
internal interface IInputStream
{
    int Id { get; }

    string Name { get; }

    bool IsHeldUp { get; }

    ValueTask StartAsync(CancellationToken cancellationToken);

    ValueTask StopAsync();

    ValueTask CloseAsync();

    InputBatch Cut(BatchTime time);
}
