namespace FastStream.Samples.FromSpark;

/// <summary>Counts the words of the last 30 seconds, every 10 seconds.</summary>
public static class WindowedWordCount
{
    public static void Describe(StreamingContext context, string host, int port) =>
        Count(context.SocketTextStream(host, port)).Print();

    public static DStream<(Utf8Text Word, long Count)> Count(DStream<Utf8Text> lines) =>
        lines.SplitWords()
             .Map(word => (word, 1L))
             .ReduceByKeyAndWindow(
                 (a, b) => a + b, (a, b) => a - b, length: TimeSpan.FromSeconds(30), slide: TimeSpan.FromSeconds(10));
}
