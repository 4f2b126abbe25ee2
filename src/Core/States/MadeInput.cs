namespace FastStream;

/// <summary>
/// Whether a stream that makes records without input, such as a count or all states, brought any to the states of a
/// partition in the newest batch. While it does, each of its batches changes the states, so that none may be skipped in
/// a gap of the batch times; once it does not, it brings none before something is due.
/// </summary>
/// <remarks>One thread at a time; asked between batches.</remarks>
internal sealed class MadeInput
{
    private bool _hasRecords;

    /// <summary>Whether the newest batch brought records; true while that is unknown.</summary>
    public bool IsFed { get; private set; } = true;

    /// <summary>
    /// Makes one for a partition of a stream with states, and adds it to the graph's due times; null if no upstream
    /// stream makes records without input.
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

    /// <summary>Called when records come.</summary>
    public void Add() => _hasRecords = true;

    /// <summary>Called at the end of the batch.</summary>
    public void EndBatch()
    {
        IsFed = _hasRecords;
        _hasRecords = false;
    }

    /// <summary>Called when the batch failed.</summary>
    public void Reset()
    {
        IsFed = true;
        _hasRecords = false;
    }
}
