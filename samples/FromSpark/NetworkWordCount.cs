namespace FastStream.Samples.FromSpark;

/// <summary>Counts the words of each second's lines.</summary>
public static class NetworkWordCount
{
    public static void Describe(StreamingContext context, string host, int port) =>
        Count(context.SocketTextStream(host, port)).Print();

    public static DStream<(Utf8Text Word, long Count)> Count(DStream<Utf8Text> lines) =>
        lines.SplitWords().Map(word => (word, 1L)).ReduceByKey((a, b) => a + b);
}
