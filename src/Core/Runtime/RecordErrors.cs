namespace FastStream.Runtime;

/// <summary>A stream whose operator calls a user's function for single records, and can go on without those for which it throws.</summary>
/// <typeparam name="TOut">The record handed on.</typeparam>
internal interface ITolerant<TOut>
{
    /// <summary>The record that the function is called for.</summary>
    Type RecordType { get; }

    /// <summary>The same stream, described once more, whose operator leaves such records out.</summary>
    DStream<TOut> Tolerate();
}

/// <summary>A stream that leaves out records for which its function throws.</summary>
/// <typeparam name="TIn">The record that the function is called for.</typeparam>
internal interface IHasRecordErrors<TIn>
{
    /// <summary>What was left out in a partition of a graph.</summary>
    RecordErrors<TIn> Errors(GraphBuilder graph, int partition);
}

/// <summary>The records of a batch that one partition's operator has left out.</summary>
/// <remarks>Shared by that operator and the one that puts the records out; both run in the same thread.</remarks>
/// <typeparam name="T">The record.</typeparam>
internal sealed class RecordErrors<T>(string operatorName)
{
    private readonly PooledList<(T Record, Exception Error)> _failed = new();   // empty where nobody asks for them
    private long _count;
    private Exception? _first;

    /// <summary>Whether a dead-letter stream takes the records; else they are only counted.</summary>
    public bool IsKept { get; set; }

    /// <summary>
    /// Whether an error is one record's. A process out of memory or a stack that is too small is nobody's record's
    /// fault, and an operator behind fails the batch by its own policy.
    /// </summary>
    public static bool Takes(Exception error) =>
        error is not (OutOfMemoryException or InsufficientExecutionStackException or OperatorFailure);

    /// <summary>A record is left out.</summary>
    public void Add(in T record, Exception error)
    {
        AddCall(error);
        if (IsKept)
        {
            _failed.Add((record, error));
        }
    }

    /// <summary>A call failed that was made for no record, such as that for a key whose time is out.</summary>
    public void AddCall(Exception error)
    {
        _count++;
        _first ??= error;
    }

    /// <summary>Puts the records out, in the order in which they came.</summary>
    public void GiveAll(BatchTime time, RecordBuffer<FailedRecord<T>> output)
    {
        foreach (ref readonly (T Record, Exception Error) failed in _failed.Span)
        {
            Type type = failed.Error.GetType();
            output.Add(new FailedRecord<T>(failed.Record, operatorName, type.FullName ?? type.Name, failed.Error.Message, time));
        }
    }

    /// <summary>
    /// The batch is complete for the operator, and for who puts the records out: the batch counts them, and they are
    /// forgotten.
    /// </summary>
    public void EndBatch(BatchContext batch)
    {
        if (_first is not null)
        {
            batch.AddFailedRecords(operatorName, _count, _first);
        }

        Clear();
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        _failed.Clear();
        _count = 0;
        _first = null;
    }
}
