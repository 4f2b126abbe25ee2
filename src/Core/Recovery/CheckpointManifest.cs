using System.Buffers;
using System.Text.Json;

namespace FastStream;

/// <summary>One part of a checkpoint's data: a partition of a state, or the position of an input or a sink.</summary>
/// <param name="Kind"><c>state</c>, <c>input</c> or <c>sink</c>.</param>
/// <param name="Name">The stream's or sink's name.</param>
/// <param name="Schema">Describes its format; a part with another schema does not fit.</param>
/// <param name="Offset">Its offset in the data.</param>
/// <param name="Length">Its bytes.</param>
/// <param name="Groups">
/// The groups of its keys, by the manifest's salt; null if it has no keys, or if another process would not assign them
/// the same groups.
/// </param>
/// <param name="Store">For states in a store: the store's number and snapshot; null for states in the data file.</param>
internal sealed record CheckpointPart(string Kind, string Name, string Schema, long Offset, long Length,
    KeyGroups? Groups = null, StoredSnapshot? Store = null);

/// <summary>The description of a checkpoint: the last batch that its states include, and where its parts are.</summary>
/// <param name="Number">Number of the checkpoint.</param>
/// <param name="ZeroTime">Zero time of the program's first start.</param>
/// <param name="BatchInterval">Time between its batches.</param>
/// <param name="Time">The last batch that the states include; zero time before the first batch.</param>
/// <param name="LogSegment">The log file in which the batches after it begin.</param>
/// <param name="LogEnd">The end of the log when the checkpoint was made; everything before it is on disk.</param>
/// <param name="DataLength">Bytes of the data file.</param>
/// <param name="DataSum">CRC-32C of the data file.</param>
/// <param name="Parts">The parts in the data file.</param>
internal sealed record CheckpointManifest(int Number, BatchTime ZeroTime, TimeSpan BatchInterval, BatchTime Time,
    int LogSegment, LogEnd LogEnd, long DataLength, uint DataSum, IReadOnlyList<CheckpointPart> Parts)
{
    private const int Format = 2;   // 1 had no salt and no groups

    /// <summary>
    /// The salt that determines the groups of the parts' keys; null in format 1, and if the hash is of another version.
    /// </summary>
    public KeySalt? Salt { get; init; }

    public void Write(IBufferWriter<byte> output)
    {
        var json = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(json))
        {
            writer.WriteStartObject();
            writer.WriteNumber("format", Format);
            writer.WriteNumber("number", Number);
            writer.WriteNumber("zeroTimeMs", ZeroTime.Milliseconds);
            writer.WriteNumber("batchIntervalMs", (long)BatchInterval.TotalMilliseconds);
            writer.WriteNumber("timeMs", Time.Milliseconds);
            writer.WriteNumber("logSegment", LogSegment);
            writer.WriteNumber("logEndSegment", LogEnd.Segment);
            writer.WriteNumber("logEndLength", LogEnd.Length);
            writer.WriteNumber("dataLength", DataLength);
            writer.WriteNumber("dataCrc32C", DataSum);
            if (Salt is { } salt)
            {
                writer.WriteNumber("keyHash", KeySalt.HashVersion);
                writer.WriteString("keySalt", salt.ToString());
            }

            writer.WriteStartArray("parts");
            foreach (CheckpointPart part in Parts)
            {
                writer.WriteStartObject();
                writer.WriteString("kind", part.Kind);
                writer.WriteString("name", part.Name);
                writer.WriteString("schema", part.Schema);
                writer.WriteNumber("offset", part.Offset);
                writer.WriteNumber("length", part.Length);
                if (part.Groups is { } groups)
                {
                    writer.WriteNumber("firstGroup", groups.First);
                    writer.WriteNumber("groups", groups.Length);
                }

                if (part.Store is { } store)
                {
                    writer.WriteNumber("store", store.Id);
                    writer.WriteBase64String("snapshot", store.Snapshot.Span);
                }

                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        Frame.Write(output, json.WrittenSpan);
    }

    /// <exception cref="InvalidDataException">The manifest is damaged, or has an unknown version.</exception>
    public static CheckpointManifest Read(byte[] bytes)
    {
        if (!Frame.TryRead(bytes, out Range payload) || payload.End.Value != bytes.Length)
        {
            throw new InvalidDataException("The manifest is damaged.");
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(bytes.AsMemory(payload));
            JsonElement root = document.RootElement;
            int format = root.GetProperty("format").GetInt32();
            if (format is < 1 or > Format)
            {
                throw new InvalidDataException(
                    $"The manifest has the format {format}; this version reads 1 to {Format}. Start the version that wrote it.");
            }

            var manifest = new CheckpointManifest(
                root.GetProperty("number").GetInt32(),
                new BatchTime(root.GetProperty("zeroTimeMs").GetInt64()),
                ReadInterval(root.GetProperty("batchIntervalMs")),
                new BatchTime(root.GetProperty("timeMs").GetInt64()),
                root.GetProperty("logSegment").GetInt32(),
                ReadLogEnd(root),
                root.GetProperty("dataLength").GetInt64(),
                root.GetProperty("dataCrc32C").GetUInt32(),
                root.GetProperty("parts").EnumerateArray().Select(ReadPart).ToArray())
            {
                Salt = ReadSalt(root),
            };
            manifest.Check();
            return manifest;
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new InvalidDataException($"The manifest cannot be read: {error.Message}", error);
        }
    }

    private static TimeSpan ReadInterval(JsonElement element) =>
        element.GetInt64() is var ms and > 0 and <= long.MaxValue / TimeSpan.TicksPerMillisecond
        ? new TimeSpan(ms * TimeSpan.TicksPerMillisecond)
        : throw new InvalidDataException($"The manifest has a batch interval of {element} ms; more than 0 is expected.");

    // Earlier manifests do not have it: at least the first file of their log exists.
    private static LogEnd ReadLogEnd(JsonElement root) => root.TryGetProperty("logEndSegment", out JsonElement segment)
        ? new LogEnd(segment.GetInt32(), root.GetProperty("logEndLength").GetInt64())
        : new LogEnd(root.GetProperty("logSegment").GetInt32(), 0);

    private static CheckpointPart ReadPart(JsonElement part) =>
        new(TextOf(part, "kind"), TextOf(part, "name"), TextOf(part, "schema"), part.GetProperty("offset").GetInt64(),
            part.GetProperty("length").GetInt64(), ReadGroups(part), ReadStore(part));

    private static StoredSnapshot? ReadStore(JsonElement part) =>
        part.TryGetProperty("store", out JsonElement id)
            ? new StoredSnapshot(id.GetInt32(), part.GetProperty("snapshot").GetBytesFromBase64()) : null;

    private static KeyGroups? ReadGroups(JsonElement part)
    {
        if (!part.TryGetProperty("firstGroup", out JsonElement first))
        {
            return null;
        }

        var groups = new KeyGroups(first.GetInt32(), part.GetProperty("groups").GetInt32());
        return groups is { First: >= 0, Length: >= 0 and <= KeyGroups.Count } && groups.First <= KeyGroups.Count - groups.Length
            ? groups
            : throw new InvalidDataException(
                $"The manifest has a part with {groups.Length} groups from {groups.First} on; there are {KeyGroups.Count}.");
    }

    private static KeySalt? ReadSalt(JsonElement root) =>
        root.TryGetProperty("keySalt", out JsonElement salt) && root.GetProperty("keyHash").GetInt32() == KeySalt.HashVersion
        ? KeySalt.Parse(salt.GetString() ?? "")
        : null;

    private static string TextOf(JsonElement part, string name) =>
        part.GetProperty(name).GetString() ?? throw new InvalidDataException($"The manifest has a part whose {name} is null.");

    // The parts fill the data consecutively: none is outside, and no two overlap.
    private void Check()
    {
        long at = 0;
        foreach (CheckpointPart part in Parts)
        {
            if (part.Offset != at || part.Length is < 0 or > int.MaxValue)
            {
                throw new InvalidDataException(
                    $"The manifest has the {part.Kind} {part.Name} at {part.Offset} with {part.Length} bytes; one "
                    + $"at {at} with at most {int.MaxValue} is expected.");
            }

            at += part.Length;
        }

        if (LogEnd.Segment < LogSegment || LogEnd.Length < 0)
        {
            throw new InvalidDataException(
                $"The manifest of checkpoint {Number} has a log from file {LogSegment} to byte {LogEnd.Length} of "
                + $"file {LogEnd.Segment}; an end behind the beginning is expected.");
        }

        if (at != DataLength || Number < 0 || LogSegment < 0)
        {
            throw new InvalidDataException(
                $"The manifest of checkpoint {Number} has {at} bytes in its parts of {DataLength}, and its log "
                + $"begins with file {LogSegment}; both as many and no negative number are expected.");
        }
    }
}
