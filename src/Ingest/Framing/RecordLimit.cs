namespace FastStream;

/// <summary>The bound on a record, applied to the record with its framing (its frame).</summary>
internal sealed class RecordLimit<T>(IRecordDecoder<T> decoder, int maxRecordBytes)
{
    /// <summary>
    /// The most bytes of a frame: if that many bytes hold no complete record, their record is too long.
    /// </summary>
    public int FrameBytes { get; } = maxRecordBytes + Math.Clamp(decoder.FramingBytes, decoder.AcceptsUnfinishedEnd ? 1 : 0, 1024);

    /// <summary>
    /// Finds where a record that is too long begins; null where there is none, which is certain where there are no more
    /// bytes than one record may have.
    /// </summary>
    /// <remarks>
    /// Searches backwards from the end of the longest possible frame for the nearest record end, and continues from
    /// there: of each stretch that long it reads about one record.
    /// </remarks>
    /// <param name="records">Complete records; the last one may be partial.</param>
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
                // Decoding reports a truncated frame.
                return window < FrameBytes && !decoder.AcceptsUnfinishedEnd ? null : start;
            }

            start += whole;
        }

        return null;
    }
}
