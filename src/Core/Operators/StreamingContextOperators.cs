namespace FastStream;

/// <summary>Operators over a list of streams, which start from the <see cref="StreamingContext"/>.</summary>
/// <remarks>Each file adds what it describes; nothing is hidden by the parts.</remarks>
public static partial class StreamingContextOperators;
