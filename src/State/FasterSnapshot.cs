using System.Text.Json;

namespace FastStream;

/// <summary>
/// What a store needs to be opened as it was: FASTER's own notes, and how far its files went. Kept in the checkpoint's
/// manifest, so that it cannot be torn from it.
/// </summary>
internal sealed record FasterSnapshot
{
    private const int Format = 1;

    public int Version { get; init; } = Format;

    /// <summary>What the hash of keys begins with.</summary>
    public required long Seed { get; init; }

    public required int PageBytes { get; init; }

    public required int SegmentBytes { get; init; }

    /// <summary>The first address of the log.</summary>
    public required long Begin { get; init; }

    /// <summary>Where the log ended: at a sector's begin.</summary>
    public required long End { get; init; }

    public required Guid Log { get; init; }

    public required byte[] LogNotes { get; init; }

    /// <summary>The index that the log is read from its end on; none where it is read from its begin.</summary>
    public Guid Index { get; init; }

    public byte[]? IndexNotes { get; init; }

    /// <summary>Where the log ended when the index was written.</summary>
    public long IndexEnd { get; init; }

    /// <summary>Bytes of the index's file.</summary>
    public long IndexFileBytes { get; init; }

    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this);

    /// <exception cref="InvalidDataException">The bytes are of another version, or of something else.</exception>
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
