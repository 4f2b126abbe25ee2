namespace FastStream.Bench.Load;

/// <summary>The engine over a file in the page cache: all batches of a run are due at once, and run back to back.</summary>
internal sealed class EngineFileJob : Job
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly ManualTimeProvider _time = new();
    private readonly StreamingContext _context;
    private readonly int _batchCount;
    private Checksum _run;
    private BatchTime _last;

    public EngineFileJob(string name, int partitions, Workload workload, Dataset dataset, InputFiles files, FileReadMode mode)
        : base(name, partitions, workload)
    {
        _batchCount = dataset.BatchCount;
        _context = new StreamingContext(new StreamingOptions { BatchInterval = Interval, Partitions = partitions, TimeProvider = _time });
        DStream<Utf8Text> lines = _context.ReplayTextFile(
            files.WholePath, dataset.BatchEnds.Select(end => (long)end).ToArray(), repeat: true, mode);
        Pipelines.Describe(workload, lines, batch => _run = _run.Then(batch));
        _context.Start();
        _last = _context.ZeroTime;
    }

    public override Checksum RunOnce()
    {
        _run = default;
        _last += Interval * _batchCount;
        _time.Advance(Interval * _batchCount);
        _context.WhenCompletedAsync(_last).GetAwaiter().GetResult();
        return _run;
    }

    public override void Dispose()
    {
        _context.DisposeAsync().AsTask().GetAwaiter().GetResult();
        base.Dispose();
    }
}
