namespace FastStream;

/// <summary>Carries out what a byte source's options say of records that are too long.</summary>
internal sealed class OversizedRecords(StreamingContext context, string inputName, OversizedRecordPolicy policy)
{
    /// <summary>The most bytes of a record.</summary>
    public int MaxRecordBytes => context.Options.MaxRecordBytes;

    /// <summary>Counts a record that is left out.</summary>
    public void CountDropped() => context.Metrics.AddDroppedRecords(1);

    /// <summary>Handles a record that is too long; its rest up to its end is skipped by the caller.</summary>
    /// <param name="start">Its first bytes, with its frame; where its end is findable, more than <see cref="MaxRecordBytes"/>.</param>
    /// <param name="endIsFindable">Whether its end can be found without its beginning.</param>
    /// <returns>How many bytes of it are a record all the same; 0 when it is dropped.</returns>
    /// <exception cref="InvalidDataException">Its end cannot be found: the connection cannot go on.</exception>
    /// <exception cref="StreamingException">The policy is to fail.</exception>
    public int Handle(ReadOnlySpan<byte> start, bool endIsFindable)
    {
        int limit = MaxRecordBytes;
        if (!endIsFindable)
        {
            throw new InvalidDataException(
                $"A record of more than {limit} bytes came in; its format does not tell where the next one begins. "
                + "Raise StreamingOptions.MaxRecordBytes, or send smaller records.");
        }

        string message =
            $"{inputName} received a record of more than {limit} bytes. Raise StreamingOptions.MaxRecordBytes, or send shorter records";
        switch (policy)
        {
            case OversizedRecordPolicy.DropRecord:
                CountDropped();
                context.Warn($"{message}. It was dropped.");
                return 0;

            case OversizedRecordPolicy.Truncate:
                context.Warn($"{message}. It was truncated.");
                return CharacterBoundary(start, limit);

            default:
                throw new StreamingException($"{message}, or let the source's OversizedRecords drop or truncate them.");
        }
    }

    // Back to the beginning of a UTF-8 character that the limit would cut: at most three bytes.
    internal static int CharacterBoundary(ReadOnlySpan<byte> bytes, int limit)
    {
        int length = limit;
        while (length > limit - 3 && length > 1 && (bytes[length] & 0xC0) == 0x80)
        {
            length--;
        }

        return length;
    }
}
