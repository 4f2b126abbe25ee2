using System.Buffers;

namespace FastStream.Serialization;

/// <summary>Writes records of a type into checkpoints and logs, and reads them back.</summary>
/// <remarks>
/// The program decides which serializer reads, never the data: type names in the data are not followed. The data were
/// checked for damage before. Several threads call it.
/// </remarks>
/// <typeparam name="T">The record.</typeparam>
public interface IRecordSerializer<T>
{
    /// <summary>
    /// Describes the format; stored in checkpoints. If the text differs at a restart, the records do not fit, and the
    /// start is refused.
    /// </summary>
    string Schema { get; }

    /// <summary>Writes one record.</summary>
    void Write(in T record, IBufferWriter<byte> output);

    /// <summary>Reads one record from the start of the bytes, and advances them past it.</summary>
    /// <remarks>
    /// A <see cref="Utf8Text"/> that another serializer has read points into the bytes. It may be in the record itself
    /// or in structs inside it, where the caller copies it; convert it to a string for a field of a class.
    /// </remarks>
    /// <exception cref="InvalidDataException">The bytes are not such a record.</exception>
    T Read(ref ReadOnlySpan<byte> bytes);
}
