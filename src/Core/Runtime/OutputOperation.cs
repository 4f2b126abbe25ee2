namespace FastStream;

/// <summary>
/// An output of the graph, which makes the streams behind it run: one job for each batch, in the order of registration.
/// </summary>
public abstract class OutputOperation : IOutlivesBatches
{
    private protected OutputOperation(DStream stream, string operatorName)
    {
        stream.Context.ThrowIfFixed($"Adding {operatorName}");
        Stream = stream;
        OperatorName = operatorName;
        Origin = CodePlace.OfCaller();
        Index = stream.Context.AddOutput(this);
    }

    /// <summary>The stream whose batches it outputs.</summary>
    public DStream Stream { get; }

    /// <summary>The output's number in its context, from 0, in order of registration.</summary>
    public int Index { get; }

    /// <summary>The operator's name, such as <c>Print</c>.</summary>
    public string OperatorName { get; }

    /// <summary>Output and stream, as shown in errors and listeners.</summary>
    public string Name => $"{OperatorName} of {Stream.Name}";

    /// <summary>Where in the program the output is described, such as <c>Pipeline.cs:27</c>; null if unknown.</summary>
    public string? Origin { get; }

    /// <summary>
    /// For an output that writes directories, the full path of the directory of time 0, which no two outputs share;
    /// else null.
    /// </summary>
    internal string? Destination { get; init; }

    internal abstract void Connect(GraphBuilder graph);

    /// <summary>
    /// Takes the records that the partitions gathered for the batch. Called once for each batch, when it has drained.
    /// </summary>
    internal abstract OutputJob TakeJob(BatchContext batch);

    /// <summary>Discards the records that the partitions gathered for a failed batch.</summary>
    internal abstract void Reset();

    /// <summary>Called once when the context starts, before the inputs start.</summary>
    internal virtual ValueTask OpenAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <summary>Releases what the output keeps between batches, and waits until that is done.</summary>
    internal virtual ValueTask CloseAsync()
    {
        Close();
        return ValueTask.CompletedTask;
    }

    /// <summary>Releases what the output keeps between batches: the context has stopped, and no batch follows.</summary>
    internal virtual void Close()
    {
    }
}

/// <summary>The work of one output for one batch.</summary>
internal abstract class OutputJob
{
    /// <summary>Runs the user's function on the batch.</summary>
    public abstract ValueTask RunAsync(CancellationToken cancellationToken);

    /// <summary>Releases the gathered records. Called once, whether or not the job ran.</summary>
    public abstract void Release();
}
