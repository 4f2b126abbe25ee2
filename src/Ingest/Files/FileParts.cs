namespace FastStream;

/// <summary>Where the parts of files end that batches are made of. Not thread safe: it belongs to the batch clock.</summary>
internal sealed class FileParts<T>(IRecordDecoder<T> decoder, FileSource source)
{
    private const long ScanBytesPerCut = 16L << 20;   // of a record that is too long; the batch clock waits meanwhile

    private long _scannedTo;   // in the file that is cut: up to here no end of a long record was found; 0 where none is looked for

    /// <summary>
    /// Where a part of about so many bytes ends: at a record's end. Null where that of a record that is too long is
    /// not found yet; the next call looks further on.
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

    /// <summary>For how many bytes a part counts in its batch.</summary>
    public long Weigh(OpenFile file, long at, long end)
    {
        Packing packing = UnpackedFile.PackingOf(file.Path, source.Compression);
        try
        {
            return packing == Packing.None ? end - at : UnpackedFile.Estimate(file, packing, source.MaxUnpackedBytes);
        }
        catch (IOException)
        {
            return end - at;   // the batch meets the same
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
            // The batch meets the same when it reads, and fails with the file's name; the files before it in the batch are not lost here.
            return file.Length;
        }
    }
}
