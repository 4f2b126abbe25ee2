namespace FastStream.Bench.Load;

/// <summary>Runs a limit over bytes that are already in memory.</summary>
internal sealed unsafe class MemoryLimitJob : Job
{
    private readonly Limit _limit;
    private readonly int[] _batchEnds;

    // A copy, because an array ends with its last byte and the loops read a little further.
    private readonly NativeBuffer _input;

    public MemoryLimitJob(string name, Workload workload, Dataset dataset, Limit limit)
        : base(name, threads: 1, workload)
    {
        _limit = limit;
        _batchEnds = dataset.BatchEnds;
        _input = new NativeBuffer((nuint)dataset.Bytes.Length);
        dataset.Bytes.CopyTo(new Span<byte>(_input.Pointer, dataset.Bytes.Length));
    }

    public override Checksum RunOnce()
    {
        Checksum run = default;
        byte* start = _input.Pointer;
        foreach (int batchEnd in _batchEnds)
        {
            byte* end = _input.Pointer + batchEnd;
            _limit.Process(start, end);
            run = run.Then(_limit.EndBatch());
            start = end;
        }

        return run;
    }

    public override void Dispose()
    {
        _limit.Dispose();
        _input.Dispose();
        base.Dispose();
    }
}
