namespace FastStream;

/// <summary>What a text source does with lines that are not UTF-8.</summary>
public enum InvalidUtf8Policy
{
    /// <summary>
    /// Nothing: bytes are kept as they came and not looked at. <see cref="Utf8Text.ToString()"/> shows U+FFFD for what
    /// is invalid. The default.
    /// </summary>
    Keep,

    /// <summary>The line is left out and counted in <see cref="StreamingMetrics.InvalidRecords"/>.</summary>
    Drop,

    /// <summary>The batch fails with an <see cref="InvalidDataException"/>.</summary>
    Fail,
}
