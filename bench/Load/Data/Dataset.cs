namespace FastStream.Bench.Load;

/// <summary>Writes the next line, with its line feed, and returns its length in bytes.</summary>
public delegate int LineWriter(Span<byte> destination);

/// <summary>The input of a workload: lines, cut into batches at line ends.</summary>
public sealed class Dataset
{
    /// <summary>No generated line is longer, line feed included.</summary>
    public const int MaximumLineBytes = 512;

    private Dataset(byte[] bytes, int[] batchEnds, long recordCount)
    {
        Bytes = bytes;
        BatchEnds = batchEnds;
        RecordCount = recordCount;
    }

    /// <summary>All batches, one after the other.</summary>
    public byte[] Bytes { get; }

    /// <summary>Where each batch ends in <see cref="Bytes"/>; the last byte before it is a line feed.</summary>
    public int[] BatchEnds { get; }

    /// <summary>The number of lines.</summary>
    public long RecordCount { get; }

    /// <summary>The number of batches.</summary>
    public int BatchCount => BatchEnds.Length;

    /// <summary>Where a batch begins in <see cref="Bytes"/>.</summary>
    public int BatchStart(int batchIndex) => batchIndex == 0 ? 0 : BatchEnds[batchIndex - 1];

    /// <summary>The bytes of a batch.</summary>
    public ReadOnlySpan<byte> Batch(int batchIndex) => Bytes.AsSpan(BatchStart(batchIndex)..BatchEnds[batchIndex]);

    /// <summary>Fills batches of equal size, each to the end of the line that reaches the size.</summary>
    public static Dataset Generate(int totalBytes, int batchCount, LineWriter writeLine)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(totalBytes);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batchCount);
        byte[] bytes = new byte[totalBytes + MaximumLineBytes];
        int[] batchEnds = new int[batchCount];
        int length = 0;
        long recordCount = 0;
        for (int batchIndex = 0; batchIndex < batchCount; batchIndex++)
        {
            long target = (long)totalBytes * (batchIndex + 1) / batchCount;
            while (length < target)
            {
                length += writeLine(bytes.AsSpan(length, MaximumLineBytes));
                recordCount++;
            }

            batchEnds[batchIndex] = length;
        }

        Array.Resize(ref bytes, length);
        return new Dataset(bytes, batchEnds, recordCount);
    }
}
