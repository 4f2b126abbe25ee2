namespace FastStream;

/// <summary>How file bytes reach the decoders.</summary>
public enum FileReadMode
{
    /// <summary>
    /// Bytes are read into pooled blocks. The default: safe whatever other programs do to the file meanwhile.
    /// </summary>
    Read,

    /// <summary>
    /// The file is mapped into memory and decoded in place, without any copy. Faster, but only for files that nobody
    /// shortens while they are read: the operating system ends a process that touches a mapped page behind a file's new
    /// end, and one that touches a text longer than <see cref="Utf8Text.InlineBytes"/> after its batch.
    /// </summary>
    MemoryMapped,
}
