using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Unicode;

namespace FastStream.Serialization;

/// <summary>
/// Serializes strings exactly: length in bytes and UTF-8; for a string that is not valid UTF-16, -2, length in bytes
/// and little-endian UTF-16; for null, -1.
/// </summary>
internal sealed class TextSerializer : IRecordSerializer<string?>
{
    private const int Null = -1;
    private const int Invalid = -2;

    public string Schema => "utf-8 text";

    public void Write(in string? record, IBufferWriter<byte> output)
    {
        if (record is null)
        {
            StateWriter.WriteInt32(output, Null);
            return;
        }

        int most = Encoding.UTF8.GetByteCount(record);
        Span<byte> bytes = output.GetSpan(sizeof(int) + most);
        if (Utf8.FromUtf16(record, bytes[sizeof(int)..], out _, out int written, replaceInvalidSequences: false) == OperationStatus.Done)
        {
            BinaryPrimitives.WriteInt32LittleEndian(bytes, written);
            output.Advance(sizeof(int) + written);
            return;
        }

        StateWriter.WriteInt32(output, Invalid);
        StateWriter.WriteInt32(output, record.Length * sizeof(char));
        output.Write(MemoryMarshal.AsBytes(record.AsSpan()));
    }

    public string? Read(ref ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length >= sizeof(int) && BinaryPrimitives.ReadInt32LittleEndian(bytes) == Invalid)
        {
            bytes = bytes[sizeof(int)..];
            int count = StateReader.ReadLength(ref bytes) / sizeof(char);
            var characters = new string(MemoryMarshal.Cast<byte, char>(bytes[..(count * sizeof(char))]));
            bytes = bytes[(count * sizeof(char))..];
            return characters;
        }

        int length = StateReader.ReadLengthOrNone(ref bytes);
        if (length < 0)
        {
            return null;
        }

        string text = Encoding.UTF8.GetString(bytes[..length]);
        bytes = bytes[length..];
        return text;
    }
}
