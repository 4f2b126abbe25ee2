namespace FastStream.Runtime;

/// <summary>Keyed states of one stream in a running graph, which know by themselves how they are read between batches.</summary>
internal interface IKeptStates
{
    /// <summary>Whose they are.</summary>
    DStream Stream { get; }
}
