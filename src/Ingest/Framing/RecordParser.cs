namespace FastStream;

/// <summary>
/// Makes a record from its bytes, without framing. Several partitions call it at the same time; the bytes are valid
/// only during the call.
/// </summary>
/// <typeparam name="T">The record.</typeparam>
/// <param name="bytes">The record's bytes.</param>
public delegate T RecordParser<out T>(ReadOnlySpan<byte> bytes);
