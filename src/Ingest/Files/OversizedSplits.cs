namespace FastStream;

/// <summary>
/// Records of a batch that are too long and do not fail it. A batch may run several times: metrics get a record once,
/// and listeners one warning a partition.
/// </summary>
internal sealed class OversizedSplits(FileSource source, int partitions)
{
    private readonly long[] _found = new long[partitions];      // by partition, in the run that goes on
    private readonly long[] _reported = new long[partitions];   // by partition; what the metrics know of

    public void Begin(int partition) => _found[partition] = 0;

    public void Count(int partition, string path, long at)
    {
        bool isDropped = source.Oversized == OversizedRecordPolicy.DropRecord;
        if (++_found[partition] == 1 && _reported[partition] == 0)
        {
            source.Warn($"{path} has a record of more than {source.MaxRecordBytes} bytes at byte {at}. It was "
                + $"{(isDropped ? "dropped" : "truncated")}, as FileSourceOptions.OversizedRecords says; what more "
                + "there are in the batch are not told of.");
        }
    }

    /// <summary>A partition ran to the end of its share.</summary>
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
