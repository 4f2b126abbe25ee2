namespace FastStream.Runtime;

/// <summary>
/// The size of the spans that pass through a chain; <see cref="RecordBuffer.SpanRecords"/> has the reason.
/// </summary>
internal static class Spans
{
    public const int Records = 512;
}
