namespace FastStream;

/// <summary>Where a record lies in its block. A length of -1 is a null.</summary>
internal struct RawRecord
{
    /// <summary>What a record counts beside its bytes.</summary>
    public const int Overhead = 40;

    public long Offset;
    public long TimestampMs;
    public int Start;             // of the key; value and headers follow
    public int KeyLength;
    public int ValueLength;
    public int HeadersLength;

    public readonly int ByteCount => Math.Max(0, KeyLength) + Math.Max(0, ValueLength) + HeadersLength;
}
