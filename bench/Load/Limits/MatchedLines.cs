namespace FastStream.Bench.Load;

/// <summary>The matching lines of a batch, copied out because the read buffer is used again before the batch ends.</summary>
internal sealed class MatchedLines
{
    private byte[] _bytes = new byte[1 << 16];
    private int[] _ends = new int[1 << 10];
    private int _byteCount;
    private int _lineCount;

    /// <summary>Appends a line, without its line feed.</summary>
    public void Add(ReadOnlySpan<byte> line)
    {
        if (_bytes.Length - _byteCount < line.Length)
        {
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _byteCount + line.Length));
        }

        if (_lineCount == _ends.Length)
        {
            Array.Resize(ref _ends, _ends.Length * 2);
        }

        line.CopyTo(_bytes.AsSpan(_byteCount));
        _byteCount += line.Length;
        _ends[_lineCount++] = _byteCount;
    }

    /// <summary>The checksum of the lines; forgets them.</summary>
    public Checksum EndBatch()
    {
        Checksum batch = default;
        int start = 0;
        foreach (int end in _ends.AsSpan(0, _lineCount))
        {
            batch = batch.Add(Checksum.Hash(_bytes.AsSpan(start..end)), 1);
            start = end;
        }

        _byteCount = 0;
        _lineCount = 0;
        return batch;
    }
}
