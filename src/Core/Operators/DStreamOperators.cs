namespace FastStream;

/// <summary>The operators, windows, states and outputs of a <see cref="DStream{T}"/>, one file each.</summary>
/// <remarks>Each file adds what it describes; nothing is hidden by the parts.</remarks>
public static partial class DStreamOperators;
