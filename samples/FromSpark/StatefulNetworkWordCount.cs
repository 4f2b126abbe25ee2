namespace FastStream.Samples.FromSpark;

/// <summary>Counts words since the start.</summary>
public static class StatefulNetworkWordCount
{
    public static void Describe(StreamingContext context, string host, int port) =>
        Count(context.SocketTextStream(host, port)).Print();

    public static DStream<(string Word, long Count)> Count(DStream<Utf8Text> lines)
    {
        var spec = StateSpec.Function<string, long, long, (string, long)>((word, one, state) =>
        {
            state.Update(state.GetValueOrDefault() + one.GetValueOrDefault());
            return (word, state.Value);
        });
        return lines.SplitWords()
                    .Map(word => (word.ToString(), 1L))
                    .MapWithState(spec.InitialState([("hello", 1L), ("world", 1L)]));
    }
}
