using System.Buffers.Binary;

namespace FastStream;

/// <summary>
/// Decodes records that follow their length: 4 bytes, big-endian, which do not count themselves, then that many bytes.
/// </summary>
/// <remarks>The framing of Spark's <c>rawSocketStream</c>. Stateless; safe from any thread.</remarks>
/// <example><code>context.SocketStream("127.0.0.1", 9999, new LengthPrefixedDecoder&lt;Trade&gt;(bytes =>
/// Trade.Parse(bytes)));</code></example>
/// <typeparam name="T">The record.</typeparam>
public sealed class LengthPrefixedDecoder<T> : IRecordDecoder<T>
{
    private const int PrefixBytes = 4;

    private readonly RecordParser<T> _parse;
    private readonly int _maxRecordBytes;

    /// <summary>Makes a decoder.</summary>
    /// <param name="parse">Makes a record from its bytes, which may be empty.</param>
    /// <param name="maxRecordBytes">The most bytes of a record, 1 to 1 GiB; default 1 MiB.
    /// <see cref="StreamingOptions.MaxRecordBytes"/> bounds it as well.</param>
    /// <exception cref="ArgumentOutOfRangeException">The bound is out of its range.</exception>
    public LengthPrefixedDecoder(RecordParser<T> parse, int maxRecordBytes = 1 << 20)
    {
        ArgumentNullException.ThrowIfNull(parse);
        OptionCheck.Check(maxRecordBytes is >= 1 and <= 1 << 30, nameof(maxRecordBytes), maxRecordBytes, "1 byte to 1 GiB is expected");
        _parse = parse;
        _maxRecordBytes = maxRecordBytes;
    }

    /// <inheritdoc/>
    public bool AcceptsUnfinishedEnd => false;

    /// <inheritdoc/>
    public int FramingBytes => PrefixBytes;

    /// <inheritdoc/>
    public int FindFirst(ReadOnlySpan<byte> data)
    {
        if (data.Length < PrefixBytes)
        {
            return 0;
        }

        int length = BinaryPrimitives.ReadInt32BigEndian(data);
        if ((uint)length > (uint)_maxRecordBytes)
        {
            throw new InvalidDataException(
                $"A length prefix says {length} bytes; 0 to {_maxRecordBytes} are expected. Either the sender "
                + "frames its records otherwise, or maxRecordBytes is too small for them.");
        }

        return length <= data.Length - PrefixBytes ? PrefixBytes + length : 0;
    }

    /// <inheritdoc/>
    public int FindLast(ReadOnlySpan<byte> data)
    {
        int whole = 0;
        while (true)
        {
            // Records before a broken one still count; FindFirst throws only when the broken one comes first.
            int next = whole > 0 && IsBroken(data[whole..]) ? 0 : FindFirst(data[whole..]);
            if (next == 0)
            {
                return whole;
            }

            whole += next;
        }
    }

    /// <inheritdoc/>
    public long Decode(in RecordBytes bytes, RecordBuffer<T> output)
    {
        ArgumentNullException.ThrowIfNull(output);
        long records = 0;
        ReadOnlySpan<byte> data = bytes.Span;
        while (!data.IsEmpty)
        {
            int length = FindFirst(data);
            if (length == 0)
            {
                throw new InvalidDataException(
                    $"The last record is cut off: {data.Length} bytes are left, its length prefix asks for more. "
                    + "The data must end with a whole record.");
            }

            output.Add(_parse(data[PrefixBytes..length]));
            data = data[length..];
            records++;
        }

        return records;
    }

    private bool IsBroken(ReadOnlySpan<byte> data) =>
        data.Length >= PrefixBytes && BinaryPrimitives.ReadUInt32BigEndian(data) > (uint)_maxRecordBytes;
}
