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

    /// <summary>The workload's implementations. Each is made when its turn comes, and the caller disposes it.</summary>
    public static IReadOnlyList<Func<Job>> All(Workload workload, Dataset dataset, InputFiles files) => workload switch
    {
        Workload.Grep =>
        [
            () => new MemoryLimitJob("limit", workload, dataset, new GrepLimit()),
            () => new FileLimitJob("limit-file", workload, dataset, files, new GrepLimit()),
            () => new MemoryLimitJob("limit-unframed", workload, dataset, new GrepUnframedLimit()),
            () => new FileLimitJob("limit-unframed-file", workload, dataset, files, new GrepUnframedLimit()),
            () => new PeerJob("linq", 1, workload, files, LinqPeer.Grep),
            () => new PeerJob("rx", 1, workload, files, RxPeer.Grep),
            () => new PeerJob("dataflow", 2, workload, files, DataflowPeer.Grep),
        ],
        Workload.Words =>
        [
            () => new MemoryLimitJob("limit", workload, dataset, new WordCountLimit()),
            () => new FileLimitJob("limit-file", workload, dataset, files, new WordCountLimit()),
            () => new PeerJob("linq", 1, workload, files, LinqPeer.Words),
            () => new PeerJob("rx", 1, workload, files, RxPeer.Words),
            () => new PeerJob("dataflow", 2, workload, files, DataflowPeer.Words),
        ],
        Workload.Log =>
        [
            () => new MemoryLimitJob("limit", workload, dataset, new AccessLogLimit()),
            () => new FileLimitJob("limit-file", workload, dataset, files, new AccessLogLimit()),
            () => new PeerJob("linq", 1, workload, files, LinqPeer.Log),
            () => new PeerJob("rx", 1, workload, files, RxPeer.Log),
            () => new PeerJob("dataflow", 2, workload, files, DataflowPeer.Log),
        ],
        _ => throw new ArgumentOutOfRangeException(nameof(workload), workload, "Unknown workload."),
    };
}
