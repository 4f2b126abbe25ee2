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
        Workload.Log or Workload.Window => AccessLogData.Generate(totalBytes, batchCount),
        _ => throw new ArgumentOutOfRangeException(nameof(workload), workload, "Unknown workload."),
    };

    /// <summary>
    /// The workload's implementations whose name begins with one of the prefixes, and always the first, the reference;
    /// the caller disposes them.
    /// </summary>
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
            .. Peers(workload, files),
        ];
        return Chosen(all, prefixes);
    }

    /// <summary>The workload over a loopback socket, chosen in the same way.</summary>
    public static IReadOnlyList<Job> Socket(Workload workload, Dataset dataset, string[] prefixes)
    {
        (string Name, Func<string, Job> Create)[] all =
        [
            ("limit-socket", name => new SocketLimitJob(name, workload, dataset, LimitOf(workload))),
            ("engine-socket", name => new EngineSocketJob(name, 1, workload, dataset)),
            ("engine-socket-2", name => new EngineSocketJob(name, 2, workload, dataset)),
            ("linq-socket", name =>
                new PeerSocketJob(name, 1, workload, dataset, PeerOf(workload, LinqPeer.Grep, LinqPeer.Words, LinqPeer.Log))),
            ("rx-socket", name => new PeerSocketJob(name, 1, workload, dataset, PeerOf(workload, RxPeer.Grep, RxPeer.Words, RxPeer.Log))),
            ("dataflow-socket",
                name => new PeerSocketJob(name, 2, workload, dataset,
                    PeerOf(workload, DataflowPeer.Grep, DataflowPeer.Words, DataflowPeer.Log))),
        ];
        return Chosen(all, prefixes);
    }

    private static (string Name, Func<string, Job> Create)[] Unframed(Workload workload, Dataset dataset) => workload == Workload.Grep
        ? [("limit-unframed", name => new MemoryLimitJob(name, workload, dataset, new GrepUnframedLimit()))]
        : [];

    private static (string Name, Func<string, Job> Create)[] Peers(Workload workload, InputFiles files) => workload == Workload.Window
        ? [("linq", name => new PeerJob(name, 1, workload, files, new LinqWindowPeer(Pipelines.WindowBatches).Log))]
        :
        [
            ("linq", name => new PeerJob(name, 1, workload, files, PeerOf(workload, LinqPeer.Grep, LinqPeer.Words, LinqPeer.Log))),
            ("rx", name => new PeerJob(name, 1, workload, files, PeerOf(workload, RxPeer.Grep, RxPeer.Words, RxPeer.Log))),
            ("dataflow", name =>
                new PeerJob(name, 2, workload, files, PeerOf(workload, DataflowPeer.Grep, DataflowPeer.Words, DataflowPeer.Log))),
        ];

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
        Workload.Window => new AccessWindowLimit(Pipelines.WindowBatches),
        _ => new AccessLogLimit(),
    };

    private static Peer PeerOf(Workload workload, Peer grep, Peer words, Peer log) => workload switch
    {
        Workload.Grep => grep,
        Workload.Words => words,
        _ => log,
    };

    // The reference always runs, the others if their name begins with one of the prefixes.
    private static Job[] Chosen((string Name, Func<string, Job> Create)[] all, string[] prefixes) =>
        [.. all.Where((job, index) => index == 0 || prefixes.Any(prefix => job.Name.StartsWith(prefix, StringComparison.Ordinal)))
            .Select(job => job.Create(job.Name))];
}
