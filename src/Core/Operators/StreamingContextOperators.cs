namespace FastStream;

/// <summary>Operators over a list of streams, which start from the <see cref="StreamingContext"/>.</summary>
/// <remarks>A partial class: each file adds the members that it describes.</remarks>
public static partial class StreamingContextOperators;
