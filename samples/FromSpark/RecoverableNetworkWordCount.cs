namespace FastStream.Samples.FromSpark;

/// <summary>Appends each second's counts to a file, except those of some words, and continues after a crash.</summary>
public static class RecoverableNetworkWordCount
{
    private static readonly HashSet<string> Excluded = ["a", "b", "c"];

    // GetOrCreate calls this in every run.
    public static void Describe(StreamingContext context, string host, int port, string file) =>
        Count(context.SocketTextStream(host, port)).ForEachBatch((batch, time) => Append(batch, time, file));

    public static DStream<(string Word, long Count)> Count(DStream<Utf8Text> lines) =>
        lines.SplitWords()
             .Map(word => word.ToString())
             .Filter(word => !Excluded.Contains(word))
             .CountByValue();

    // A batch that a crash interrupted comes again, with the same time: its line is written once.
    public static void Append(Batch<(string Word, long Count)> batch, BatchTime time, string file)
    {
        string start = $"Counts at time {time} ";
        if (batch.IsReplay && File.Exists(file) && File.ReadLines(file).Any(line => line.StartsWith(start, StringComparison.Ordinal)))
        {
            return;
        }

        File.AppendAllText(file, $"{start}[{string.Join(", ", batch.Order())}]\n");
    }
}
