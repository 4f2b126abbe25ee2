namespace FastStream.Bench.Load;

/// <summary>The workloads through the public API, as a user writes them. Each batch's result is put into a checksum.</summary>
internal static class Pipelines
{
    /// <summary>Batches of a window.</summary>
    public const int WindowBatches = 10;

    /// <summary>Describes a workload's stream and its output.</summary>
    public static void Describe(Workload workload, DStream<Utf8Text> lines, Action<Checksum> onBatch)
    {
        switch (workload)
        {
            case Workload.Grep:
                lines.Filter(line => line.Contains("ERROR"u8))
                     .ForEachBatch((batch, _) => onBatch(Sum(batch, static (sum, line) => sum.Add(Checksum.Hash(line.Span), 1))));
                break;

            case Workload.Words:
                lines.SplitWords()
                     .Map(word => (word, 1L))
                     .ReduceByKey((a, b) => a + b)
                     .ForEachBatch(
                         (batch, _) => onBatch(Sum(batch, static (sum, word) => sum.Add(Checksum.Hash(word.Key.Span), (ulong)word.Value))));
                break;

            case Workload.Log:
                DStream<AccessLog> requests = lines.Map(line => AccessLog.Parse(line));
                var count = requests.Map(request => (request.Ip, 1L)).ReduceByKey((a, b) => a + b);
                var bytes = requests.Map(request => (request.Ip, request.Bytes)).ReduceByKey((a, b) => a + b);
                count.Join(bytes)
                     .ForEachBatch(
                         (batch, _) =>
                             onBatch(Sum(batch, static (sum, ip) => sum.Add(Checksum.Hash(ip.Key.Span), ip.Value.Left, ip.Value.Right))));
                break;

            case Workload.Window:
                lines.Map(line => AccessLog.Parse(line))
                     .Map(request => (request.Ip, (Count: 1L, request.Bytes)))
                     .ReduceByKeyAndWindow(
                         (a, b) => (a.Count + b.Count, a.Bytes + b.Bytes),
                         (a, b) => (a.Count - b.Count, a.Bytes - b.Bytes),
                         lines.Slide * WindowBatches)
                     .ForEachBatch(
                         (batch, _) =>
                             onBatch(Sum(batch, static (sum, ip) => sum.Add(Checksum.Hash(ip.Key.Span), ip.Value.Count, ip.Value.Bytes))));
                break;
        }
    }

    private static Checksum Sum<T>(Batch<T> batch, Func<Checksum, T, Checksum> add)
    {
        Checksum sum = default;
        foreach (ReadOnlyMemory<T> block in batch.Blocks)
        {
            foreach (T item in block.Span)
            {
                sum = add(sum, item);
            }
        }

        return sum;
    }
}
