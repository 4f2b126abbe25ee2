namespace FastStream;

/// <summary>Applies a byte source's policy for records that are too long.</summary>
internal sealed class OversizedRecords(StreamingContext context, string inputName, OversizedRecordPolicy policy)
{
    /// <summary>The most bytes of a record.</summary>
    public int MaxRecordBytes => context.Options.MaxRecordBytes;

    /// <summary>Counts a dropped record.</summary>
    public void CountDropped() => context.Metrics.AddDroppedRecords(1);

    /// <summary>Handles a record that is too long; the caller skips the rest of it.</summary>
    /// <param name="start">Its first bytes, with its framing; more than <see cref="MaxRecordBytes"/> where its end can
    /// be found.</param>
    /// <param name="endIsFindable">Whether its end can be found without its beginning.</param>
    /// <returns>How many of its bytes still become a record; 0 when it is dropped.</returns>
    /// <exception cref="InvalidDataException">Its end cannot be found: the connection cannot continue.</exception>
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

    // Goes back to the beginning of a UTF-8 character that the limit would split: at most three bytes.
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
