namespace FastStream;

/// <summary>The bound on a record, as a bound on its frame.</summary>
internal sealed class RecordLimit<T>(IRecordDecoder<T> decoder, int maxRecordBytes)
{
    /// <summary>The most bytes of a frame: where so many hold no whole record, theirs is too long.</summary>
    public int FrameBytes { get; } = maxRecordBytes + Math.Clamp(decoder.FramingBytes, decoder.AcceptsUnfinishedEnd ? 1 : 0, 1024);

    /// <summary>
    /// Where a record that is too long begins; null where there is none, as in all bytes that are no more than one
    /// record may have.
    /// </summary>
    /// <remarks>
    /// Looks back from the end of the longest possible frame to the end nearest to it, and goes on from there: reads
    /// about one record of each stretch that long.
    /// </remarks>
    /// <param name="records">Whole records; the last one may be unfinished.</param>
    /// <exception cref="InvalidDataException">These bytes cannot be records.</exception>
    public int? FindTooLong(ReadOnlySpan<byte> records)
    {
        int start = 0;
        while (records.Length - start > maxRecordBytes)
        {
            int window = Math.Min(records.Length - start, FrameBytes);
            int whole = decoder.FindLast(records.Slice(start, window));
            if (whole == 0)
            {
                // A frame that is cut off tells of itself when it is decoded.
                return window < FrameBytes && !decoder.AcceptsUnfinishedEnd ? null : start;
            }

            start += whole;
        }

        return null;
    }
}
