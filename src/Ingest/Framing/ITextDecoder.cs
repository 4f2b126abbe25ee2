namespace FastStream;

/// <summary>A decoder of texts in UTF-8: what it reads may begin with a byte order mark, which is no part of the first record.</summary>
internal interface ITextDecoder;
