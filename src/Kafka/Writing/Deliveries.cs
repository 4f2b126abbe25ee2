using Confluent.Kafka;

namespace FastStream;

/// <summary>
/// Follows the records of one attempt of a batch until the brokers have answered for each. Safe from any thread.
/// </summary>
internal sealed class Deliveries
{
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<(long Index, Error Error, string Place)> _refused = [];   // guarded by itself
    private long _open = 1;                                                         // records on their way, and 1 while writing
    private Error? _failure;

    /// <summary>The first error that is not the refusal of a record; null if there is none.</summary>
    public Error? Failure => Volatile.Read(ref _failure);

    /// <summary>The refused records, with their numbers in the batch.</summary>
    public IReadOnlyList<(long Index, Error Error, string Place)> Refused
    {
        get
        {
            lock (_refused)
            {
                return [.. _refused];
            }
        }
    }

    /// <summary>Notes that one more record is on its way; returns the handler for its delivery report.</summary>
    public Action<DeliveryReport<byte[]?, byte[]?>> Expect(long index)
    {
        Interlocked.Increment(ref _open);
        return report =>
        {
            if (report.Error.IsError)
            {
                Add(index, report.Error, $"{report.Topic}[{report.Partition.Value}]");
            }

            End();
        };
    }

    /// <summary>Notes that the client itself did not accept a record.</summary>
    public void NotTaken(long index, Error error, string place)
    {
        Add(index, error, place);
        End();
    }

    /// <summary>
    /// Notes that nothing more is written; completes when the brokers have answered for every record.
    /// </summary>
    public Task EndAsync()
    {
        End();
        return _done.Task;
    }

    /// <summary>Whether the record is at fault, not the connection to the brokers.</summary>
    public static bool IsRefusal(Error error) =>
        error.Code is ErrorCode.MsgSizeTooLarge or ErrorCode.RecordListTooLarge or ErrorCode.InvalidMsg or ErrorCode.InvalidMsgSize
        or ErrorCode.InvalidRecord or ErrorCode.InvalidTimestamp or ErrorCode.Local_UnknownPartition or ErrorCode.Local_BadMsg;

    private void Add(long index, Error error, string place)
    {
        if (IsRefusal(error))
        {
            lock (_refused)
            {
                _refused.Add((index, error, place));
            }
        }
        else
        {
            Interlocked.CompareExchange(ref _failure, error, null);
        }
    }

    private void End()
    {
        if (Interlocked.Decrement(ref _open) == 0)
        {
            _done.TrySetResult();
        }
    }
}
