namespace FastStream.Bench.Load;

/// <summary>
/// All implementations of each workload: the one place to add another. The first is the reference of the ratios.
/// </summary>
internal static class Jobs
{
    /// <summary>The workload's input; a given size gives the same bytes everywhere.</summary>
    public static Dataset Generate(Workload workload, int totalBytes, int batchCount) => workload switch
    {
        Workload.Grep => GrepData.Generate(totalBytes, batchCount),
        Workload.Words => WordsData.Generate(totalBytes, batchCount),
        Workload.Log => AccessLogData.Generate(totalBytes, batchCount),
        _ => throw new ArgumentOutOfRangeException(nameof(workload), workload, "Unknown workload."),
    };

    /// <summary>The workload's implementations whose name begins with one of the prefixes, and always the first, the reference; the caller disposes them.</summary>
    public static IReadOnlyList<Job> All(Workload workload, Dataset dataset, InputFiles files, string[] prefixes)
    {
        (string Name, Func<string, Job> Create)[] all =
        [
            ("limit", name => new MemoryLimitJob(name, workload, dataset, LimitOf(workload))),
            ("limit-mapped", name => new MappedLimitJob(name, workload, dataset, files, LimitOf(workload))),
            ("limit-file", name => new FileLimitJob(name, workload, dataset, files, LimitOf(workload))),
            .. Unframed(workload, dataset),
            ("engine-mapped", name => new EngineFileJob(name, 1, workload, dataset, files, FileReadMode.MemoryMapped)),
            ("engine-mapped-2", name => new EngineFileJob(name, 2, workload, dataset, files, FileReadMode.MemoryMapped)),
            ("engine-file", name => new EngineFileJob(name, 1, workload, dataset, files, FileReadMode.Read)),
            ("engine-file-2", name => new EngineFileJob(name, 2, workload, dataset, files, FileReadMode.Read)),
            .. Aggregated(workload, files),
            ("linq", name => new PeerJob(name, 1, workload, files, Peer(workload, LinqPeer.Grep, LinqPeer.Words, LinqPeer.Log))),
            ("rx", name => new PeerJob(name, 1, workload, files, Peer(workload, RxPeer.Grep, RxPeer.Words, RxPeer.Log))),
            ("dataflow", name => new PeerJob(name, 2, workload, files, Peer(workload, DataflowPeer.Grep, DataflowPeer.Words, DataflowPeer.Log))),
        ];
        return all.Where((job, index) => index == 0 || prefixes.Any(prefix => job.Name.StartsWith(prefix, StringComparison.Ordinal)))
                  .Select(job => job.Create(job.Name))
                  .ToArray();
    }

    /// <summary>The workload over a loopback socket; the first is the reference.</summary>
    public static IReadOnlyList<Job> Socket(Workload workload, Dataset dataset) =>
    [
        new SocketLimitJob("limit-socket", workload, dataset, LimitOf(workload)),
        new EngineSocketJob("engine-socket", 1, workload, dataset),
        new EngineSocketJob("engine-socket-2", 2, workload, dataset),
    ];

    private static (string Name, Func<string, Job> Create)[] Unframed(Workload workload, Dataset dataset) => workload == Workload.Grep
        ? [("limit-unframed", name => new MemoryLimitJob(name, workload, dataset, new GrepUnframedLimit()))]
        : [];

    // LINQ's newer methods: faster, but not the same job as the others do.
    private static (string Name, Func<string, Job> Create)[] Aggregated(Workload workload, InputFiles files) => workload switch
    {
        Workload.Words => [("linq-countby", name => new PeerJob(name, 1, workload, files, LinqPeer.WordsCounted))],
        Workload.Log => [("linq-aggregateby", name => new PeerJob(name, 1, workload, files, LinqPeer.LogAggregated))],
        _ => [],
    };

    private static Limit LimitOf(Workload workload) => workload switch
    {
        Workload.Grep => new GrepLimit(),
        Workload.Words => new WordCountLimit(),
        _ => new AccessLogLimit(),
    };

    private static TPeer Peer<TPeer>(Workload workload, TPeer grep, TPeer words, TPeer log) => workload switch
    {
        Workload.Grep => grep,
        Workload.Words => words,
        _ => log,
    };
}
