namespace FastStream;

/// <summary>The operators, windows, states and outputs of a <see cref="DStream{T}"/>, one file each.</summary>
/// <remarks>A partial class: each file adds the members that it describes.</remarks>
public static partial class DStreamOperators;
