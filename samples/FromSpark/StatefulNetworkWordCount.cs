namespace FastStream.Samples.FromSpark;

/// <summary>Counts words since the start.</summary>
public static class StatefulNetworkWordCount
{
    public static void Describe(StreamingContext context, string host, int port) =>
        Count(context.SocketTextStream(host, port)).Print();

    public static DStream<(string Word, long Count)> Count(DStream<Utf8Text> lines) =>
        lines.SplitWords()
             .Map(word => (word.ToString(), 1L))
             .MapWithState(
                 KeyState.Of<long>(),
                 (word, one, state) =>
                 {
                     state.Update(state.GetValueOrDefault() + one.Value);
                     return (word, state.Value);
                 },
                 initialState: [("hello", 1L), ("world", 1L)]);
}
