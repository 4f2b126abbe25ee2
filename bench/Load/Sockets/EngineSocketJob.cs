namespace FastStream.Bench.Load;

/// <summary>The engine behind a socket, on the real clock: a run ends when the last record's batch is completed.</summary>
internal sealed class EngineSocketJob : Job
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(10);

    private readonly LoopbackSender _sender;
    private readonly StreamingContext _context;
    private readonly RecordGate _gate = new();
    private readonly long _recordCount;
    private Checksum _run;

    public EngineSocketJob(string name, int partitions, Workload workload, Dataset dataset)
        : base(name, partitions + 1, workload)
    {
        _recordCount = dataset.RecordCount;
        _sender = new LoopbackSender(dataset.Bytes);
        _context = new StreamingContext(new StreamingOptions { BatchInterval = Interval, Partitions = partitions });
        _context.AddListener(_gate);
        DStream<Utf8Text> lines = _context.SocketTextStream("127.0.0.1", _sender.EndPoint.Port);
        Pipelines.Describe(workload, lines, batch => _run = SocketChecksum.Add(_run, batch));
        _context.Start();
    }

    public override Checksum RunOnce()
    {
        _run = default;
        Task done = _gate.WhenMore(_recordCount);
        Thread sending = _sender.Send();
        done.GetAwaiter().GetResult();
        sending.Join();
        return _run;
    }

    public override void Dispose()
    {
        _context.DisposeAsync().AsTask().GetAwaiter().GetResult();
        _sender.Dispose();
        base.Dispose();
    }

    /// <summary>Opens when so many more records are through.</summary>
    private sealed class RecordGate : StreamingListener
    {
        private TaskCompletionSource _opened = new();
        private long _left;

        public Task WhenMore(long records)
        {
            _opened = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Volatile.Write(ref _left, records);
            return _opened.Task;
        }

        public override void OnBatchCompleted(BatchInfo batch)
        {
            if (batch.RecordCount > 0 && Interlocked.Add(ref _left, -batch.RecordCount) <= 0)
            {
                _opened.TrySetResult();
            }
        }
    }
}
