namespace FastStream;

/// <summary>
/// Finds where the parts of files end that batches take. Not thread safe: it belongs to the batch clock.
/// </summary>
internal sealed class FileParts<T>(IRecordDecoder<T> decoder, FileSource source)
{
    private const long ScanBytesPerCut = 16L << 20;   // scanned of a record that is too long; the batch clock waits meanwhile

    private long _scannedTo;   // offset up to which no end of a long record was found; 0 where none is sought

    /// <summary>
    /// Finds the record end at which a part of about <paramref name="bytes"/> bytes ends. Null where the end of a
    /// record that is too long is not found yet; the next call searches further.
    /// </summary>
    public long? EndOf(OpenFile file, long at, long bytes)
    {
        bool isWhole = !decoder.AcceptsUnfinishedEnd
            || file.Length - at <= bytes
            || UnpackedFile.PackingOf(file.Path, source.Compression) != Packing.None;
        long? end = isWhole ? file.Length : Find(file, at + bytes);
        _scannedTo = end is null ? _scannedTo : 0;
        return end;
    }

    /// <summary>Returns how many bytes a part counts for in its batch.</summary>
    public long Weigh(OpenFile file, long at, long end)
    {
        Packing packing = UnpackedFile.PackingOf(file.Path, source.Compression);
        try
        {
            return packing == Packing.None ? end - at : UnpackedFile.Estimate(file, packing, source.MaxUnpackedBytes);
        }
        catch (IOException)
        {
            return end - at;   // the batch will fail in the same way
        }
    }

    private long? Find(OpenFile file, long offset)
    {
        try
        {
            if (_scannedTo == 0)
            {
                long? border = file.Boundary(offset, decoder, source.MaxRecordBytes);
                if (border is not null || source.Oversized == OversizedRecordPolicy.FailStream)
                {
                    return border ?? file.Length;
                }
            }

            long from = Math.Max(offset, _scannedTo);
            _scannedTo = from + ScanBytesPerCut;
            return file.EndOfRecord(from, decoder, ScanBytesPerCut);
        }
        catch (Exception error) when (error is IOException or InvalidDataException)
        {
            // The batch fails in the same way when it reads, and names the file; failing here would lose the files
            // before it in the batch.
            return file.Length;
        }
    }
}
