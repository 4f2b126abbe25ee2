namespace FastStream.Bench.Load;

/// <summary>The work that every implementation does, batch by batch.</summary>
public enum Workload
{
    /// <summary>The lines that contain ERROR.</summary>
    Grep,

    /// <summary>How often each word occurs in the batch.</summary>
    Words,

    /// <summary>Requests and bytes sent for each address of an access log.</summary>
    Log,

    /// <summary>Requests and bytes sent for each address over the last ten batches, once a batch.</summary>
    Window,
}
