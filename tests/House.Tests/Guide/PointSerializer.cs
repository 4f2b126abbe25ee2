using System.Buffers;
using System.Buffers.Binary;

namespace FastStream.Tests.House.Guide;

public sealed record Point(int X, int Y);

public sealed class PointSerializer : IRecordSerializer<Point>
{
    public string Schema => "Point, 1";                       // change it when the bytes change: old data are then refused

    public void Write(in Point record, IBufferWriter<byte> output)
    {
        Span<byte> bytes = output.GetSpan(8);
        BinaryPrimitives.WriteInt32LittleEndian(bytes, record.X);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[4..], record.Y);
        output.Advance(8);
    }

    public Point Read(ref ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 8)
        {
            throw new InvalidDataException($"{bytes.Length} bytes are left; a point has 8.");
        }

        var point = new Point(BinaryPrimitives.ReadInt32LittleEndian(bytes), BinaryPrimitives.ReadInt32LittleEndian(bytes[4..]));
        bytes = bytes[8..];
        return point;
    }
}
