namespace FastStream;

/// <summary>How records lie in a stream of bytes, and how they are made from them.</summary>
/// <remarks>
/// Where records end is asked in the receiving thread and should be cheap; decoding happens in the partitions, many at a time,
/// so a decoder has no state that changes.
/// </remarks>
/// <typeparam name="T">The record.</typeparam>
public interface IRecordDecoder<T>
{
    /// <summary>Length of the first whole record with its framing; 0 if it is not complete yet.</summary>
    /// <exception cref="InvalidDataException">These bytes cannot be the start of a record; the message says what was
    /// found and expected.</exception>
    int FindFirst(ReadOnlySpan<byte> data);

    /// <summary>
    /// As <see cref="FindFirst(ReadOnlySpan{byte})"/> where the first bytes were examined before and had no whole
    /// record. By itself everything is examined again; formats that search for an end begin behind those bytes, so that
    /// a long record that arrives in many pieces is searched once.
    /// </summary>
    /// <param name="data">The bytes from the record's beginning on.</param>
    /// <param name="examined">How many of them were examined: less than all.</param>
    /// <exception cref="InvalidDataException">These bytes cannot be the start of a record.</exception>
    int FindFirst(ReadOnlySpan<byte> data, int examined) => FindFirst(data);

    /// <summary>Length of the longest prefix made of whole records with their framing; 0 if there is none.</summary>
    /// <exception cref="InvalidDataException">These bytes cannot be records.</exception>
    int FindLast(ReadOnlySpan<byte> data);

    /// <summary>
    /// Whether what is left when the source ends, without a whole frame, is a record too: yes for lines, no for length
    /// prefixes.
    /// </summary>
    bool AcceptsUnfinishedEnd { get; }

    /// <summary>
    /// The most bytes of a frame that are not the record's own, such as a length prefix or an end:
    /// <see cref="StreamingOptions.MaxRecordBytes"/> is counted without them. By itself 1 where an unfinished end is
    /// accepted (and never less there), else 16. 0 to 1,024.
    /// </summary>
    int FramingBytes => AcceptsUnfinishedEnd ? 1 : 16;

    /// <summary>
    /// How many bytes at the start of <paramref name="data"/> still belong to the end of the record before, whose last
    /// byte was <paramref name="lastByte"/>:
    /// 1 for the LF of a CR LF that came in two pieces, and 0 (the default) where records end unmistakably.
    /// </summary>
    int FindRestOfEnd(byte lastByte, ReadOnlySpan<byte> data) => 0;

    /// <summary>
    /// Adds the records of bytes that are whole records (the last one maybe unfinished, where that is accepted);
    /// returns their number.
    /// </summary>
    long Decode(in RecordBytes bytes, RecordBuffer<T> output);
}
