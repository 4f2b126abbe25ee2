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

    public static IEnumerable<Checksum> Grep(IEnumerable<IEnumerable<string>> batches) =>
        ForEachBatch(batches, lines =>
            TextInput.OfLines(lines.Where(line => line.Contains("ERROR", StringComparison.Ordinal)).ToList()));

    public static IEnumerable<Checksum> Words(IEnumerable<IEnumerable<string>> batches) =>
        ForEachBatch(batches, lines =>
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

    public static IEnumerable<Checksum> Log(IEnumerable<IEnumerable<string>> batches) =>
        ForEachBatch(batches, lines =>
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

    private static List<Checksum> ForEachBatch(IEnumerable<IEnumerable<string>> batches, Func<List<string>, Checksum> batch)
    {
        var sums = new List<Checksum>();
        var options = new ExecutionDataflowBlockOptions { BoundedCapacity = BatchesAhead };
        var read = new TransformBlock<IEnumerable<string>, List<string>>(lines => lines.ToList(), options);
        var work = new ActionBlock<List<string>>(lines => sums.Add(batch(lines)), options);
        read.LinkTo(work, new DataflowLinkOptions { PropagateCompletion = true });
        PostAllAsync(read, batches).GetAwaiter().GetResult();
        work.Completion.GetAwaiter().GetResult();
        return sums;
    }

    private static async Task PostAllAsync(TransformBlock<IEnumerable<string>, List<string>> block,
        IEnumerable<IEnumerable<string>> batches)
    {
        foreach (IEnumerable<string> lines in batches)
        {
            await block.SendAsync(lines);
        }

        block.Complete();
    }
}
