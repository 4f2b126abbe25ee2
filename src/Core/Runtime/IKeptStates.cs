namespace FastStream.Runtime;

/// <summary>Keyed states of one stream in a running graph, without their types.</summary>
internal interface IKeptStates
{
    /// <summary>The stream that owns the states.</summary>
    DStream Stream { get; }
}
