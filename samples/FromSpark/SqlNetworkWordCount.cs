namespace FastStream.Samples.FromSpark;

/// <summary>Counts words by a query: `select word, count(*) as total from words group by word`, in LINQ.</summary>
public static class SqlNetworkWordCount
{
    public static void Describe(StreamingContext context, string host, int port) =>
        Total(context.SocketTextStream(host, port)).Print();

    // A query on the stream: it becomes a pipeline of operators and runs in all partitions.
    public static DStream<(Utf8Text Word, int Total)> Total(DStream<Utf8Text> lines) =>
        from word in lines.SplitWords()
        group word by word into same
        select (same.Key, same.Value.Count);

    // A query on each whole batch: it can use all of LINQ to Objects, and runs in one partition.
    public static DStream<(string Word, int Total)> TotalSorted(DStream<Utf8Text> lines) =>
        lines.SplitWords().Transform(words =>
            from word in words
            group word by word.ToString() into same
            orderby same.Count() descending, same.Key
            select (same.Key, same.Count()));
}
