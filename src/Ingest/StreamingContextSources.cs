namespace FastStream;

/// <summary>The sources of a <see cref="StreamingContext"/>, one file for each.</summary>
/// <remarks>Each file adds the methods of its source.</remarks>
public static partial class StreamingContextSources;
