namespace FastStream.Runtime;

/// <summary>
/// A stream whose operator calls a user function for single records, and can drop the records for which it throws.
/// </summary>
/// <typeparam name="TOut">The output record.</typeparam>
internal interface ITolerant<TOut>
{
    /// <summary>The type of record for which the function is called.</summary>
    Type RecordType { get; }

    /// <summary>Describes the same stream again, with an operator that drops such records.</summary>
    DStream<TOut> Tolerate();
}

/// <summary>A stream that drops records for which its function throws.</summary>
/// <typeparam name="TIn">The record for which the function is called.</typeparam>
internal interface IHasRecordErrors<TIn>
{
    /// <summary>The records dropped in a partition of a graph.</summary>
    RecordErrors<TIn> Errors(GraphBuilder graph, int partition);
}

/// <summary>The records of a batch that one partition's operator has dropped.</summary>
/// <remarks>Shared by that operator and the one that emits the dropped records; both run on the same thread.</remarks>
/// <typeparam name="T">The record.</typeparam>
internal sealed class RecordErrors<T>(string operatorName)
{
    private readonly PooledList<(T Record, Exception Error)> _failed = new();   // empty where no dead-letter stream takes them
    private long _count;
    private Exception? _first;

    /// <summary>Whether a dead-letter stream takes the records; else they are only counted.</summary>
    public bool IsKept { get; set; }

    /// <summary>
    /// Whether an error is the fault of one record. Exhausted memory or a stack that is too small is not, and a
    /// downstream operator fails the batch by its own policy.
    /// </summary>
    public static bool Takes(Exception error) =>
        error is not (OutOfMemoryException or InsufficientExecutionStackException or OperatorFailure);

    /// <summary>Adds a dropped record.</summary>
    public void Add(in T record, Exception error)
    {
        AddCall(error);
        if (IsKept)
        {
            _failed.Add((record, error));
        }
    }

    /// <summary>Counts a failed call that was made for no record, such as the one for a key that timed out.</summary>
    public void AddCall(Exception error)
    {
        _count++;
        _first ??= error;
    }

    /// <summary>Emits the records, in order of arrival.</summary>
    public void GiveAll(BatchTime time, RecordBuffer<FailedRecord<T>> output)
    {
        foreach (ref readonly (T Record, Exception Error) failed in _failed.Span)
        {
            Type type = failed.Error.GetType();
            output.Add(new FailedRecord<T>(failed.Record, operatorName, type.FullName ?? type.Name, failed.Error.Message, time));
        }
    }

    /// <summary>
    /// Ends the batch for the operator and for the emitting operator: adds the counts to the batch and clears the
    /// records.
    /// </summary>
    public void EndBatch(BatchContext batch)
    {
        if (_first is not null)
        {
            batch.AddFailedRecords(operatorName, _count, _first);
        }

        Clear();
    }

    /// <summary>Clears everything.</summary>
    public void Clear()
    {
        _failed.Clear();
        _count = 0;
        _first = null;
    }
}
