namespace FastStream;

/// <summary>Which files a file source unpacks.</summary>
public enum FileCompression
{
    /// <summary>
    /// Files whose names end in <c>.gz</c> or <c>.br</c>, in upper or lower case, are unpacked while they are read;
    /// others are read as they are. The default.
    /// </summary>
    ByName,

    /// <summary>No file is unpacked. Text streams refuse archives that their first bytes identify.</summary>
    None,
}

/// <summary>How a file is packed.</summary>
internal enum Packing
{
    None,
    Gzip,
    Brotli,
}
