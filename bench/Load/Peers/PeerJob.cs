namespace FastStream.Bench.Load;

/// <summary>
/// A program that an ordinary good user would write with a well-known library. It gets the batches' lines, in order,
/// and answers with each batch's checksum. A batch must be read to its end before the next one is.
/// </summary>
internal delegate IEnumerable<Checksum> Peer(IEnumerable<IEnumerable<string>> batches);

/// <summary>Runs a peer over one file for each batch.</summary>
internal sealed class PeerJob(string name, int threads, Workload workload, InputFiles files, Peer peer) : Job(name, threads, workload)
{
    public override Checksum RunOnce() =>
        peer(files.BatchPaths.Select(TextInput.ReadLines)).Aggregate(default(Checksum), (run, batch) => run.Then(batch));
}
