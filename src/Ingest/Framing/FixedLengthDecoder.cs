namespace FastStream;

/// <summary>Decodes records of one length, with nothing between them.</summary>
/// <remarks>Stateless; safe from any thread.</remarks>
/// <example><code>context.SocketStream("127.0.0.1", 9999, new FixedLengthDecoder&lt;int&gt;(4,
/// BinaryPrimitives.ReadInt32LittleEndian));</code></example>
/// <typeparam name="T">The record.</typeparam>
public sealed class FixedLengthDecoder<T> : IRecordDecoder<T>
{
    private readonly int _recordBytes;
    private readonly RecordParser<T> _parse;

    /// <summary>Makes a decoder.</summary>
    /// <param name="recordBytes">Bytes of a record: 1 byte to 1 GiB.</param>
    /// <param name="parse">Makes a record from its bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException">The length is out of its range.</exception>
    public FixedLengthDecoder(int recordBytes, RecordParser<T> parse)
    {
        ArgumentNullException.ThrowIfNull(parse);
        OptionCheck.Check(recordBytes is >= 1 and <= 1 << 30, nameof(recordBytes), recordBytes, "1 byte to 1 GiB is expected");
        _recordBytes = recordBytes;
        _parse = parse;
    }

    /// <inheritdoc/>
    public bool AcceptsUnfinishedEnd => false;

    /// <inheritdoc/>
    public int FramingBytes => 0;

    /// <inheritdoc/>
    public int FindFirst(ReadOnlySpan<byte> data) => data.Length >= _recordBytes ? _recordBytes : 0;

    /// <inheritdoc/>
    public int FindLast(ReadOnlySpan<byte> data) => data.Length - (data.Length % _recordBytes);

    /// <inheritdoc/>
    public long Decode(in RecordBytes bytes, RecordBuffer<T> output)
    {
        ArgumentNullException.ThrowIfNull(output);
        ReadOnlySpan<byte> data = bytes.Span;
        if (data.Length % _recordBytes != 0)
        {
            throw new InvalidDataException(
                $"{data.Length} bytes are not a whole number of records of {_recordBytes} bytes. Check the record "
                + "length, and that files come in whole.");
        }

        for (int start = 0; start < data.Length; start += _recordBytes)
        {
            output.Add(_parse(data.Slice(start, _recordBytes)));
        }

        return data.Length / _recordBytes;
    }
}
