namespace FastStream;

/// <summary>The sources of a <see cref="StreamingContext"/>, one file each.</summary>
/// <remarks>Each file adds what it describes; nothing is hidden by the parts.</remarks>
public static partial class StreamingContextSources;
