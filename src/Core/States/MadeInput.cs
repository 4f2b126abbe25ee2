namespace FastStream;

/// <summary>
/// Whether a stream that makes records of nothing, such as a count or all states, brought any to the states of a
/// partition in the newest batch. While it does, each of its batches changes the states, so that none may be passed
/// over where a gap in the batch times is crossed; once it does not, it will not before something is due.
/// </summary>
/// <remarks>One thread at a time; asked between batches.</remarks>
internal sealed class MadeInput
{
    private bool _hasRecords;

    /// <summary>Whether the newest batch brought records; true as long as it is not known.</summary>
    public bool IsFed { get; private set; } = true;

    /// <summary>
    /// One for a partition of a stream with states, in the graph's due times; null where what is before makes no
    /// records of nothing.
    /// </summary>
    public static MadeInput? For(DStream stream, GraphBuilder graph)
    {
        if (!stream.Parents.Any(parent => parent.MakesRecordsUpTo))
        {
            return null;
        }

        var made = new MadeInput();
        graph.Due.Add(after => made.IsFed ? after.Floor(stream.Slide, stream.Context.ZeroTime) + stream.Slide : null);
        return made;
    }

    /// <summary>Records have come.</summary>
    public void Add() => _hasRecords = true;

    /// <summary>The batch is at its end.</summary>
    public void EndBatch()
    {
        IsFed = _hasRecords;
        _hasRecords = false;
    }

    /// <summary>The batch failed.</summary>
    public void Reset()
    {
        IsFed = true;
        _hasRecords = false;
    }
}
