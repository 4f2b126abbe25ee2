namespace FastStream;

/// <summary>
/// Makes a record from its bytes, without framing. Called in the partitions, many at a time; the bytes are valid during
/// the call only.
/// </summary>
/// <typeparam name="T">The record.</typeparam>
/// <param name="bytes">The record's bytes.</param>
public delegate T RecordParser<out T>(ReadOnlySpan<byte> bytes);
