using System.Text.Unicode;

namespace FastStream;

/// <summary>
/// Decodes lines and checks, in the partitions, that they are UTF-8: a whole slice at once, and line by line only where
/// a slice is not.
/// </summary>
internal sealed class ValidUtf8LineDecoder(InvalidUtf8Policy policy, StreamingMetrics metrics) : ISelectiveDecoder<Utf8Text>, ITextDecoder
{
    public bool AcceptsUnfinishedEnd => true;

    /// <summary>Returns the decoder for a policy.</summary>
    public static IRecordDecoder<Utf8Text> For(InvalidUtf8Policy policy, StreamingContext context) =>
        policy == InvalidUtf8Policy.Keep ? LineDecoder.Instance : new ValidUtf8LineDecoder(policy, context.Metrics);

    public int FindFirst(ReadOnlySpan<byte> data) => LineDecoder.Instance.FindFirst(data);

    public int FindFirst(ReadOnlySpan<byte> data, int examined) => LineDecoder.Instance.FindFirst(data, examined);

    public int FindLast(ReadOnlySpan<byte> data) => LineDecoder.Instance.FindLast(data);

    public int FindRestOfEnd(byte lastByte, ReadOnlySpan<byte> data) => LineDecoder.Instance.FindRestOfEnd(lastByte, data);

    public void CountInvalid(long records) => metrics.AddInvalidRecords(records);

    public long Decode(in RecordBytes bytes, RecordBuffer<Utf8Text> output)
    {
        long invalid = 0;
        long records = Decode(bytes, output, ref invalid);
        CountInvalid(invalid);
        return records;
    }

    public long Decode(in RecordBytes bytes, RecordBuffer<Utf8Text> output, ref long invalid)
    {
        if (Utf8.IsValid(bytes.Span))
        {
            return LineDecoder.Instance.Decode(bytes, output);
        }

        long records = 0;
        int start = 0;
        while (start < bytes.Length)
        {
            int length = bytes.Span[start..].IndexOfAny((byte)'\n', (byte)'\r');
            length = length < 0 ? bytes.Length - start : length;
            ReadOnlySpan<byte> line = bytes.Span.Slice(start, length);
            if (Utf8.IsValid(line))
            {
                output.Add(bytes.Text(start, length));
                records++;
            }
            else if (policy == InvalidUtf8Policy.Fail)
            {
                throw new InvalidDataException(
                    "A line is not UTF-8: "
                    + $"{Convert.ToHexString(line[..Math.Min(length, 32)])}{(length > 32 ? "…" : "")}. Send UTF-8, "
                    + "or let the source's InvalidUtf8 keep or drop such lines.");
            }
            else
            {
                invalid++;
            }

            bool isPair = start + length + 1 < bytes.Length && bytes.Span[start + length] == '\r' && bytes.Span[start + length + 1] == '\n';
            start += length + (isPair ? 2 : 1);
        }

        return records;
    }
}
