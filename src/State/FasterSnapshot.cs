using System.Text.Json;

namespace FastStream;

/// <summary>
/// What is needed to open a store as of a snapshot: FASTER's metadata, and the extent of its files. It is kept in the
/// checkpoint's manifest, so that the two cannot be separated.
/// </summary>
internal sealed record FasterSnapshot
{
    private const int Format = 1;

    public int Version { get; init; } = Format;

    /// <summary>Seed of the keys' hash.</summary>
    public required long Seed { get; init; }

    public required int PageBytes { get; init; }

    public required int SegmentBytes { get; init; }

    /// <summary>The first address of the log.</summary>
    public required long Begin { get; init; }

    /// <summary>The end of the log, at the begin of a sector.</summary>
    public required long End { get; init; }

    public required Guid Log { get; init; }

    public required byte[] LogNotes { get; init; }

    /// <summary>
    /// The saved index, after which a start reads the log; none where a start reads the log from its begin.
    /// </summary>
    public Guid Index { get; init; }

    public byte[]? IndexNotes { get; init; }

    /// <summary>The end of the log when the index was written.</summary>
    public long IndexEnd { get; init; }

    /// <summary>Bytes of the index's file.</summary>
    public long IndexFileBytes { get; init; }

    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this);

    /// <exception cref="InvalidDataException">The bytes are of another version, or are not a snapshot.</exception>
    public static FasterSnapshot Read(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            return JsonSerializer.Deserialize<FasterSnapshot>(bytes.Span) is { Version: Format } snapshot
                ? snapshot
                : throw new InvalidDataException(
                    $"A snapshot of a store has another version; this program reads {Format}. Start the version that wrote it.");
        }
        catch (JsonException error)
        {
            throw new InvalidDataException($"A snapshot of a store cannot be read: {error.Message}", error);
        }
    }
}
