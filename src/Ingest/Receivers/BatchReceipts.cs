namespace FastStream;

/// <summary>
/// The receipts of one input's batches, for callers that wait until their records count. Safe from any thread.
/// </summary>
/// <remarks>
/// Each batch settles its receipt. Receipts that no batch has settled when the context has stopped are refused then, so
/// that nobody waits for ever.
/// </remarks>
internal sealed class BatchReceipts
{
    private readonly Lock _lock = new();                       // guards all below
    private readonly List<BatchReceipt> _unsettled = [];
    private BatchReceipt? _next;                               // for the records not cut yet; null while nobody waits for one
    private Exception? _stopped;                               // why nothing more will be settled

    /// <summary>Returns the receipt of the next cut.</summary>
    public BatchReceipt Next()
    {
        lock (_lock)
        {
            if (_next is null)
            {
                _unsettled.RemoveAll(static receipt => receipt.Settled.IsCompleted);
                _next = new BatchReceipt();
                _unsettled.Add(_next);
                if (_stopped is not null)
                {
                    _next.Reject(_stopped);
                }
            }

            return _next;
        }
    }

    /// <summary>Passes the receipt to the batch that is cut now.</summary>
    public BatchReceipt? Take()
    {
        lock (_lock)
        {
            BatchReceipt? taken = _next;
            _next = null;
            return taken;
        }
    }

    /// <summary>
    /// Refuses all receipts that are not settled, because nothing runs any more that could settle them.
    /// </summary>
    /// <param name="failure">What stopped the context; null for a requested stop.</param>
    public void Stop(Exception? failure)
    {
        const string Message = "The context has stopped, and the record is in none of its batches that count. Send it again.";
        lock (_lock)
        {
            _stopped = failure is null ? new StreamingException(Message) : new StreamingException($"{Message} It stopped "
                + $"because: {failure.Message}", failure);
            foreach (BatchReceipt receipt in _unsettled)
            {
                receipt.Reject(_stopped);
            }

            _unsettled.Clear();
        }
    }
}
