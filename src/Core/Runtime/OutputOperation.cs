namespace FastStream;

/// <summary>An output of the graph: what makes a chain live. One job for each batch, run in the order of registration.</summary>
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

    /// <summary>The stream whose batches are put out.</summary>
    public DStream Stream { get; }

    /// <summary>The output's number in its context, from 0, in order of registration.</summary>
    public int Index { get; }

    /// <summary>The word for the output, such as <c>Print</c>.</summary>
    public string OperatorName { get; }

    /// <summary>Output and stream, as shown in errors and listeners.</summary>
    public string Name => $"{OperatorName} of {Stream.Name}";

    /// <summary>Where in the program the output is described, such as <c>Pipeline.cs:27</c>; null where that is not known.</summary>
    public string? Origin { get; }

    /// <summary>For an output of directories, the full path of that of time 0, which no two outputs share; null elsewhere.</summary>
    internal string? Destination { get; init; }

    internal abstract void Connect(GraphBuilder graph);

    /// <summary>Takes out what the partitions have gathered for the batch; each batch once, when it is quiet.</summary>
    internal abstract OutputJob TakeJob(BatchContext batch);

    /// <summary>Forgets what the partitions have gathered for a failed batch.</summary>
    internal abstract void Reset();

    /// <summary>Called once when the context starts, before inputs do.</summary>
    internal virtual ValueTask OpenAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <summary>Lets go of what the output holds over batches, and waits for it.</summary>
    internal virtual ValueTask CloseAsync()
    {
        Close();
        return ValueTask.CompletedTask;
    }

    /// <summary>Lets go of what the output holds over batches: the context has stopped, no batch follows.</summary>
    internal virtual void Close()
    {
    }
}

/// <summary>The work of one output for one batch.</summary>
internal abstract class OutputJob
{
    /// <summary>Runs the user's function on the batch.</summary>
    public abstract ValueTask RunAsync(CancellationToken cancellationToken);

    /// <summary>Gives the gathered records back. Called once, whether or not the job ran.</summary>
    public abstract void Release();
}
