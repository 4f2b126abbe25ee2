using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace FastStream.Serialization;

/// <summary>
/// Writes small binary data for checkpoints and logs, such as the position of a source; <see cref="StateReader"/> reads
/// it back.
/// </summary>
/// <remarks>
/// Numbers are little-endian with a fixed length, except in <see cref="WriteVarInt64"/>. Strings and bytes have a
/// length prefix of 4 bytes. Write a version byte first: the reader's constructor checks it. The writer has no state of
/// its own: copies write to the same output. Not thread safe, as its output is not.
/// </remarks>
/// <example><code>
/// var writer = new StateWriter(output);
/// writer.WriteByte(1);   // version
/// writer.WriteString(file);
/// writer.WriteInt64(offset);
/// </code></example>
public readonly ref struct StateWriter
{
    private readonly IBufferWriter<byte> _output;

    /// <summary>A writer to an output.</summary>
    /// <param name="output">Takes the bytes.</param>
    public StateWriter(IBufferWriter<byte> output)
    {
        ArgumentNullException.ThrowIfNull(output);
        _output = output;
    }

    /// <summary>Writes a byte.</summary>
    public void WriteByte(byte value) => WriteByte(_output, value);

    /// <summary>Writes one byte: 1 for true, 0 for false.</summary>
    public void WriteBoolean(bool value) => WriteFlag(_output, value);

    /// <summary>Writes a number of 4 bytes.</summary>
    public void WriteInt32(int value) => WriteInt32(_output, value);

    /// <summary>Writes a number of 8 bytes.</summary>
    public void WriteInt64(long value) => WriteInt64(_output, value);

    /// <summary>Writes a number in 1 to 10 bytes, fewer for numbers near 0: zigzag, then 7 bits a byte, as in Protocol Buffers.</summary>
    public void WriteVarInt64(long value)
    {
        ulong rest = (ulong)(value << 1) ^ (ulong)(value >> 63);
        for (; rest >= 0x80; rest >>= 7)
        {
            WriteByte((byte)(rest | 0x80));
        }

        WriteByte((byte)rest);
    }

    /// <summary>Writes a floating-point number of 8 bytes, bit by bit: every value is restored exactly.</summary>
    public void WriteDouble(double value) => WriteInt64(_output, BitConverter.DoubleToInt64Bits(value));

    /// <summary>Writes a batch time: 8 bytes, milliseconds since 1970.</summary>
    public void WriteTime(BatchTime value) => WriteInt64(_output, value.Milliseconds);

    /// <summary>Writes the length of a string in UTF-8 (4 bytes) and the string. An unpaired surrogate becomes U+FFFD.</summary>
    public void WriteString(string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        int length = Encoding.UTF8.GetByteCount(value);
        WriteInt32(_output, length);
        if (length > 0)
        {
            _output.Advance(Encoding.UTF8.GetBytes(value, _output.GetSpan(length)));
        }
    }

    /// <summary>Writes the number of bytes (4 bytes) and the bytes.</summary>
    public void WriteBytes(ReadOnlySpan<byte> value)
    {
        WriteInt32(_output, value.Length);
        _output.Write(value);
    }

    internal static void WriteByte(IBufferWriter<byte> output, byte value)
    {
        output.GetSpan(1)[0] = value;
        output.Advance(1);
    }

    internal static void WriteFlag(IBufferWriter<byte> output, bool flag) => WriteByte(output, flag ? (byte)1 : (byte)0);

    internal static void WriteInt32(IBufferWriter<byte> output, int value)
    {
        BinaryPrimitives.WriteInt32LittleEndian(output.GetSpan(sizeof(int)), value);
        output.Advance(sizeof(int));
    }

    internal static void WriteInt64(IBufferWriter<byte> output, long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(output.GetSpan(sizeof(long)), value);
        output.Advance(sizeof(long));
    }
}
