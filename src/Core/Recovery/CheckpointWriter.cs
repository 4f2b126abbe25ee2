using System.Buffers;

namespace FastStream;

/// <summary>Writes the parts of a checkpoint's data consecutively.</summary>
internal sealed class CheckpointWriter(FileBufferWriter file)
{
    private readonly List<CheckpointPart> _parts = [];

    public IReadOnlyList<CheckpointPart> Parts => _parts;

    /// <summary>Writes one part.</summary>
    /// <exception cref="InvalidOperationException">The part is longer than one read can return.</exception>
    public void Write(string kind, string name, string schema, Action<IBufferWriter<byte>> write,
        KeyGroups? groups = null, StoredSnapshot? store = null)
    {
        long offset = file.Length;
        write(file);
        long length = file.Length - offset;
        if (length > int.MaxValue)
        {
            throw new InvalidOperationException(
                $"One partition's share of the {kind} {name} takes {length} bytes in a checkpoint; at most "
                + $"{int.MaxValue} are possible. Use more partitions, or keep less.");
        }

        _parts.Add(new CheckpointPart(kind, name, schema, offset, length, groups, store));
    }
}
