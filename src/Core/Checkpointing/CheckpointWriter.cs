using System.Buffers;

namespace FastStream;

/// <summary>Writes the parts of a checkpoint's data, one after the other.</summary>
internal sealed class CheckpointWriter(IBufferWriter<byte> file) : IBufferWriter<byte>
{
    private readonly List<CheckpointPart> _parts = [];
    private Memory<byte> _given;
    private uint _crc = Crc32C.Start;

    public long Length { get; private set; }

    public uint Sum => Crc32C.End(_crc);

    public IReadOnlyList<CheckpointPart> Parts => _parts;

    /// <summary>Writes one part.</summary>
    /// <exception cref="InvalidOperationException">It is longer than can be read at once.</exception>
    public void Write(string kind, string name, string schema, Action<IBufferWriter<byte>> write)
    {
        long offset = Length;
        write(this);
        long length = Length - offset;
        if (length > int.MaxValue)
        {
            throw new InvalidOperationException($"One partition's share of the {kind} {name} takes {length} bytes in a checkpoint; at most {int.MaxValue} are possible. Use more partitions, or keep less.");
        }

        _parts.Add(new CheckpointPart(kind, name, schema, offset, length));
    }

    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _given.Length);
        _crc = Crc32C.Add(_crc, _given.Span[..count]);
        Length += count;
        file.Advance(count);
        _given = _given[count..];
    }

    public Memory<byte> GetMemory(int sizeHint = 0) => _given = file.GetMemory(sizeHint);

    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;
}
