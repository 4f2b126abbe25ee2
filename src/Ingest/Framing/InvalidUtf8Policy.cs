namespace FastStream;

/// <summary>What a text source does with lines that are not UTF-8.</summary>
public enum InvalidUtf8Policy
{
    /// <summary>
    /// Nothing: the bytes are kept as they arrived and not checked. <see cref="Utf8Text.ToString()"/> shows U+FFFD for
    /// invalid bytes. The default.
    /// </summary>
    Keep,

    /// <summary>The line is dropped and counted in <see cref="StreamingMetrics.InvalidRecords"/>.</summary>
    Drop,

    /// <summary>The batch fails with an <see cref="InvalidDataException"/>.</summary>
    Fail,
}
