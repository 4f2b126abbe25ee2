using System.Buffers.Binary;
using System.Collections;
using System.Text;

namespace FastStream;

/// <summary>The headers of a record, decoded on access.</summary>
/// <remarks>
/// Valid as long as the record's batch. A name may occur more than once; the headers keep their order.
/// </remarks>
public readonly record struct KafkaHeaders : IEnumerable<KeyValuePair<string, byte[]?>>
{
    // For each header: the length of its name, the name, the length of its value (-1 for null), and the value.
    private readonly Utf8Text _packed;

    internal KafkaHeaders(Utf8Text packed) => _packed = packed;

    /// <summary>Whether there are no headers.</summary>
    public bool IsEmpty => _packed.IsEmpty;

    /// <summary>Finds the last header with a name.</summary>
    /// <param name="name">The name.</param>
    /// <param name="value">A copy of its bytes; null for a null value.</param>
    /// <returns>Whether there is one.</returns>
    public bool TryGetLast(string name, out byte[]? value)
    {
        ArgumentNullException.ThrowIfNull(name);
        bool isFound = false;
        value = null;
        foreach ((string each, byte[]? bytes) in this)
        {
            if (each == name)
            {
                isFound = true;
                value = bytes;
            }
        }

        return isFound;
    }

    /// <summary>Enumerates the headers, in order.</summary>
    public IEnumerator<KeyValuePair<string, byte[]?>> GetEnumerator()
    {
        int next = 0;
        while (next < _packed.Length)
        {
            string name = Encoding.UTF8.GetString(Take(ref next));
            yield return new KeyValuePair<string, byte[]?>(name, TakeValue(ref next));
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>How many bytes <see cref="Pack"/> writes.</summary>
    internal static int PackedLength(Confluent.Kafka.Headers headers)
    {
        int length = 0;
        for (int i = 0; i < headers.Count; i++)
        {
            length += 8 + Encoding.UTF8.GetByteCount(headers[i].Key) + (headers[i].GetValueBytes()?.Length ?? 0);
        }

        return length;
    }

    internal static void Pack(Confluent.Kafka.Headers headers, Span<byte> output)
    {
        for (int i = 0; i < headers.Count; i++)
        {
            int name = Encoding.UTF8.GetBytes(headers[i].Key, output[4..]);
            BinaryPrimitives.WriteInt32LittleEndian(output, name);
            output = output[(4 + name)..];
            byte[]? value = headers[i].GetValueBytes();
            BinaryPrimitives.WriteInt32LittleEndian(output, value?.Length ?? -1);
            value?.CopyTo(output[4..]);
            output = output[(4 + (value?.Length ?? 0))..];
        }
    }

    private ReadOnlySpan<byte> Take(ref int next)
    {
        ReadOnlySpan<byte> all = _packed.Span;
        int length = BinaryPrimitives.ReadInt32LittleEndian(all[next..]);
        ReadOnlySpan<byte> name = all.Slice(next + 4, length);
        next += 4 + length;
        return name.ToArray();
    }

    private byte[]? TakeValue(ref int next)
    {
        ReadOnlySpan<byte> all = _packed.Span;
        int length = BinaryPrimitives.ReadInt32LittleEndian(all[next..]);
        next += 4;
        if (length < 0)
        {
            return null;
        }

        next += length;
        return all.Slice(next - length, length).ToArray();
    }
}
