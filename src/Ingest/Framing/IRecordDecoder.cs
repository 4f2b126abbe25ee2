namespace FastStream;

/// <summary>Finds the records in a stream of bytes, and makes them from their bytes.</summary>
/// <remarks>
/// The receiving thread asks where records end, so this should be cheap. The partitions decode, many at a time, so a
/// decoder must not have mutable state.
/// </remarks>
/// <typeparam name="T">The record.</typeparam>
public interface IRecordDecoder<T>
{
    /// <summary>Gives the length of the first record with its framing; 0 if the record is not complete yet.</summary>
    /// <exception cref="InvalidDataException">These bytes cannot be the start of a record; the message says what was
    /// found and expected.</exception>
    int FindFirst(ReadOnlySpan<byte> data);

    /// <summary>
    /// As <see cref="FindFirst(ReadOnlySpan{byte})"/>, where an earlier call examined the first bytes and found no
    /// complete record. The default examines everything again; formats that search for an end begin behind those bytes,
    /// so that a long record that arrives in many pieces is searched once.
    /// </summary>
    /// <param name="data">The bytes from the record's beginning on.</param>
    /// <param name="examined">How many of them were examined: less than all.</param>
    /// <exception cref="InvalidDataException">These bytes cannot be the start of a record.</exception>
    int FindFirst(ReadOnlySpan<byte> data, int examined) => FindFirst(data);

    /// <summary>
    /// Gives the length of the longest prefix made of complete records with their framing; 0 if there is none.
    /// </summary>
    /// <exception cref="InvalidDataException">These bytes cannot be records.</exception>
    int FindLast(ReadOnlySpan<byte> data);

    /// <summary>
    /// Whether a trailing partial record, left when the source ends, counts as a record: yes for lines, no for length
    /// prefixes.
    /// </summary>
    bool AcceptsUnfinishedEnd { get; }

    /// <summary>
    /// The most bytes that framing adds to a record, such as a length prefix or a line end: 0 to 1,024.
    /// <see cref="StreamingOptions.MaxRecordBytes"/> does not count them. The default is 1 where a trailing partial
    /// record is accepted (and it must not be less there), otherwise 16.
    /// </summary>
    int FramingBytes => AcceptsUnfinishedEnd ? 1 : 16;

    /// <summary>
    /// Gives how many bytes at the start of <paramref name="data"/> still belong to the end of the previous record,
    /// whose last byte was <paramref name="lastByte"/>: 1 for the LF of a CR LF that arrived in two pieces, and 0 (the
    /// default) for formats where the end of a record is unambiguous.
    /// </summary>
    int FindRestOfEnd(byte lastByte, ReadOnlySpan<byte> data) => 0;

    /// <summary>
    /// Decodes bytes that consist of complete records (the last one may be partial where that is accepted), adds the
    /// records to the output, and returns their number.
    /// </summary>
    long Decode(in RecordBytes bytes, RecordBuffer<T> output);
}
