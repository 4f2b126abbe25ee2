using System.Buffers;

namespace FastStream.Serialization;

/// <summary>Writes records of a type into checkpoints and logs, and reads them again.</summary>
/// <remarks>
/// Which serializer reads is decided by the program, never by what was written: no type names are followed. What is
/// read was checked for damage before. Called by several threads.
/// </remarks>
/// <typeparam name="T">The record.</typeparam>
public interface IRecordSerializer<T>
{
    /// <summary>
    /// What a checkpoint remembers of how it was written. Another text when the program starts again means that the
    /// records do not fit: the start is refused.
    /// </summary>
    string Schema { get; }

    /// <summary>Writes one record.</summary>
    void Write(in T record, IBufferWriter<byte> output);

    /// <summary>Reads one record from the beginning of the bytes, and moves them on behind it.</summary>
    /// <remarks>
    /// A <see cref="Utf8Text"/> that another serializer has read lies in the bytes: it may be in the record itself, or in structs in it,
    /// where it is copied; make a string of it for a class.
    /// </remarks>
    /// <exception cref="InvalidDataException">The bytes are no such record.</exception>
    T Read(ref ReadOnlySpan<byte> bytes);
}
