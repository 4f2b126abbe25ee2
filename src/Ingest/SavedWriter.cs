using System.Buffers;
using System.Text;

namespace FastStream;

/// <summary>
/// Writes what an input keeps in logs and checkpoints: a version first, numbers in little endian, lengths in front.
/// <see cref="SavedReader"/> reads it.
/// </summary>
/// <param name="output">Takes the bytes.</param>
internal readonly struct SavedWriter(IBufferWriter<byte> output)
{
    public void Byte(byte value) => SavedNumbers.WriteByte(output, value);

    public void Int32(int value) => SavedNumbers.WriteInt32(output, value);

    public void Int64(long value) => SavedNumbers.WriteInt64(output, value);

    /// <summary>The length of a text in UTF-8, and the text.</summary>
    public void Text(string value)
    {
        int length = Encoding.UTF8.GetByteCount(value);
        Int32(length);
        if (length > 0)
        {
            output.Advance(Encoding.UTF8.GetBytes(value, output.GetSpan(length)));
        }
    }

    /// <summary>The number of bytes, and the bytes.</summary>
    public void Bytes(ReadOnlySpan<byte> value)
    {
        Int32(value.Length);
        output.Write(value);
    }
}
