namespace FastStream;

/// <summary>A decoder that drops records and says how many.</summary>
/// <typeparam name="T">The record.</typeparam>
internal interface ISelectiveDecoder<T> : IRecordDecoder<T>
{
    /// <summary>
    /// As <see cref="IRecordDecoder{T}.Decode"/>; adds the number of dropped records to <paramref name="invalid"/>.
    /// </summary>
    long Decode(in RecordBytes bytes, RecordBuffer<T> output, ref long invalid);

    /// <summary>Adds dropped records to the metrics.</summary>
    void CountInvalid(long records);
}

/// <summary>One run of a partition's split of a batch through its decoder, and its results so far.</summary>
internal struct DecodeRun<T>(IRecordDecoder<T> decoder, RecordBuffer<T> output)
{
    private readonly ISelectiveDecoder<T>? _selective = decoder as ISelectiveDecoder<T>;
    private long _invalid;

    public long Records { get; private set; }

    public readonly long Invalid => _invalid;

    public void Decode(in RecordBytes bytes) =>
        Records += _selective is null ? decoder.Decode(bytes, output) : _selective.Decode(bytes, output, ref _invalid);
}

/// <summary>
/// The results of decoding a batch in its partitions. A batch may run several times: the metrics count its dropped
/// records once, from the run that found the most.
/// </summary>
internal sealed class DecodedSplits<T>(IRecordDecoder<T> decoder, int partitions)
{
    private readonly long[] _records = Enumerable.Repeat(-1L, partitions).ToArray();   // by partition; -1 before it has run
    // by partition, already counted in the metrics
    private readonly long[] _invalid = decoder is ISelectiveDecoder<T> ? new long[partitions] : [];

    /// <summary>Records of all partitions; -1 while one has not run.</summary>
    public long Records => _records.Contains(-1) ? -1 : _records.Sum();

    /// <summary>Notes that a partition has run to the end of its split.</summary>
    public void Ended(int partition, in DecodeRun<T> run)
    {
        _records[partition] = run.Records;
        if (decoder is ISelectiveDecoder<T> selective && run.Invalid > _invalid[partition])
        {
            selective.CountInvalid(run.Invalid - _invalid[partition]);
            _invalid[partition] = run.Invalid;
        }
    }
}
