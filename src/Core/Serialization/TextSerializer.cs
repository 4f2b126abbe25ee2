using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace FastStream;

/// <summary>Strings: their length in bytes (-1 for null), then UTF-8. A lone surrogate becomes U+FFFD.</summary>
internal sealed class TextSerializer : IRecordSerializer<string?>
{
    public string Schema => "utf-8 text";

    public void Write(in string? record, IBufferWriter<byte> output)
    {
        int length = record is null ? -1 : Encoding.UTF8.GetByteCount(record);
        BinaryPrimitives.WriteInt32LittleEndian(output.GetSpan(sizeof(int)), length);
        output.Advance(sizeof(int));
        if (length > 0)
        {
            output.Advance(Encoding.UTF8.GetBytes(record, output.GetSpan(length)));
        }
    }

    public string? Read(ref ReadOnlySpan<byte> bytes)
    {
        int length = Prefixed.Length(ref bytes);
        if (length < 0)
        {
            return null;
        }

        string text = Encoding.UTF8.GetString(bytes[..length]);
        bytes = bytes[length..];
        return text;
    }
}

/// <summary>Lengths in front of what they are of.</summary>
internal static class Prefixed
{
    /// <summary>Reads a length: -1, or at most what is left.</summary>
    public static int Length(ref ReadOnlySpan<byte> bytes)
    {
        int length = bytes.Length < sizeof(int) ? int.MinValue : BinaryPrimitives.ReadInt32LittleEndian(bytes);
        if (length < -1 || length > bytes.Length - sizeof(int))
        {
            throw new InvalidDataException($"A length is {length}, and {bytes.Length} bytes are left.");
        }

        bytes = bytes[sizeof(int)..];
        return length;
    }
}
