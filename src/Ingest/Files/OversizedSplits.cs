namespace FastStream;

/// <summary>
/// Records of a batch that are too long and do not fail it. A batch may run several times: metrics count each record
/// once, and listeners get one warning for each partition.
/// </summary>
internal sealed class OversizedSplits(FileSource source, int partitions)
{
    private readonly long[] _found = new long[partitions];      // by partition, in the present run
    private readonly long[] _reported = new long[partitions];   // by partition, already counted in the metrics

    public void Begin(int partition) => _found[partition] = 0;

    public void Count(int partition, string path, long at)
    {
        bool isDropped = source.Oversized == OversizedRecordPolicy.DropRecord;
        if (++_found[partition] == 1 && _reported[partition] == 0)
        {
            source.Warn($"{path} has a record of more than {source.MaxRecordBytes} bytes at byte {at}. It was "
                + $"{(isDropped ? "dropped" : "truncated")}, as FileSourceOptions.OversizedRecords says; further "
                + "ones in the batch are not reported.");
        }
    }

    /// <summary>Notes that a partition has run to the end of its split.</summary>
    public void Ended(int partition)
    {
        if (_found[partition] > _reported[partition])
        {
            if (source.Oversized == OversizedRecordPolicy.DropRecord)
            {
                source.Metrics?.AddDroppedRecords(_found[partition] - _reported[partition]);
            }

            _reported[partition] = _found[partition];
        }
    }
}
