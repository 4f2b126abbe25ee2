namespace FastStream.Bench.Load;

/// <summary>
/// A program that an ordinary good user would write with a well-known library. It gets the paths of the batches, in
/// order, and answers with the run's checksum.
/// </summary>
internal sealed class PeerJob(
    string name, int threads, Workload workload, InputFiles files, Func<IReadOnlyList<string>, Checksum> run)
    : Job(name, threads, workload)
{
    public override Checksum RunOnce() => run(files.BatchPaths);
}
