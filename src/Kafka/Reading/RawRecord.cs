namespace FastStream;

/// <summary>A record's position in its block. A length of -1 stands for null.</summary>
internal struct RawRecord
{
    /// <summary>Bytes that a record counts for in addition to its own.</summary>
    public const int Overhead = 40;

    public long Offset;
    public long TimestampMs;
    public int Start;             // of the key; value and headers follow
    public int KeyLength;
    public int ValueLength;
    public int HeadersLength;

    public readonly int ByteCount => Math.Max(0, KeyLength) + Math.Max(0, ValueLength) + HeadersLength;
}
