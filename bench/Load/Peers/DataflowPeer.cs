using System.Runtime.InteropServices;
using System.Threading.Tasks.Dataflow;

namespace FastStream.Bench.Load;

/// <summary>
/// The workloads in raw TPL Dataflow: one block reads the lines of a batch, the next one works on them, a message is a
/// whole batch. (A message for each record is slower by far.)
/// </summary>
internal static class DataflowPeer
{
    // Reading stays at most so many batches ahead.
    private const int BatchesAhead = 4;

    public static Checksum Grep(IReadOnlyList<string> batchPaths) =>
        ForEachBatch(batchPaths, lines =>
            TextInput.OfLines(lines.Where(line => line.Contains("ERROR", StringComparison.Ordinal)).ToList()));

    public static Checksum Words(IReadOnlyList<string> batchPaths) =>
        ForEachBatch(batchPaths, lines =>
        {
            var counts = new Dictionary<string, int>();
            foreach (string line in lines)
            {
                foreach (string word in line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                {
                    CollectionsMarshal.GetValueRefOrAddDefault(counts, word, out _)++;
                }
            }

            return TextInput.OfWords(counts);
        });

    public static Checksum Log(IReadOnlyList<string> batchPaths) =>
        ForEachBatch(batchPaths, lines =>
        {
            var sums = new Dictionary<string, (int Count, long Bytes)>();
            foreach (string line in lines)
            {
                (string address, long bytes) = TextInput.ParseAccess(line);
                ref (int Count, long Bytes) sum = ref CollectionsMarshal.GetValueRefOrAddDefault(sums, address, out _);
                sum.Count++;
                sum.Bytes += bytes;
            }

            return TextInput.OfAddresses(sums.Select(sum => (sum.Key, sum.Value.Count, sum.Value.Bytes)));
        });

    private static Checksum ForEachBatch(IReadOnlyList<string> batchPaths, Func<List<string>, Checksum> batch)
    {
        Checksum run = default;
        var options = new ExecutionDataflowBlockOptions { BoundedCapacity = BatchesAhead };
        var read = new TransformBlock<string, List<string>>(path => TextInput.ReadLines(path).ToList(), options);
        var work = new ActionBlock<List<string>>(lines => run = run.Then(batch(lines)), options);
        read.LinkTo(work, new DataflowLinkOptions { PropagateCompletion = true });
        PostAllAsync(read, batchPaths).GetAwaiter().GetResult();
        work.Completion.GetAwaiter().GetResult();
        return run;
    }

    private static async Task PostAllAsync(TransformBlock<string, List<string>> block, IReadOnlyList<string> batchPaths)
    {
        foreach (string path in batchPaths)
        {
            await block.SendAsync(path);
        }

        block.Complete();
    }
}
