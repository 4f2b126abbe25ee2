namespace FastStream;

/// <summary>
/// A decoder of UTF-8 texts: its input may begin with a byte order mark, which is not part of the first record.
/// </summary>
internal interface ITextDecoder;
