using FastStream;

// A job as one native file, without a separate runtime: it counts the words of files, across restarts. Its keys and
// states are of the kinds that most programs use.
string folder = args.Length > 0 ? args[0] : "words";
Directory.CreateDirectory(folder);
var printed = new Lock();
var options = new StreamingOptions { BatchInterval = TimeSpan.FromMilliseconds(100), Partitions = 2 };
await using StreamingContext context = StreamingContext.GetOrCreate($"{folder}.state", options, Describe);
using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, key) => { key.Cancel = true; stop.Cancel(); };
await context.RunAsync(stop.Token);

void Describe(StreamingContext context)
{
    DStream<string> words = context.TextFileStream(folder, new FileSourceOptions { NewFilesOnly = false }).SplitWords()
        .Map(word => word.ToString());
    Show("words", words.CountByValue()
        .UpdateStateByKey((ReadOnlySpan<long> counts, Optional<long> state) => state.GetValueOrDefault() + (counts.IsEmpty ? 0 : counts[0]))
            .Named("words"));
    Show("pairs", words.Map(word => ((word.Length, word[0]), 1L)).ReduceByKey((a, b) => a + b));
    Show("guids", words.Map(word => (new Guid(word.Length, 0, 0, new byte[8]), (word.Length, 1m)))
        .UpdateStateByKey((ReadOnlySpan<(int Length, decimal Count)> values, Optional<(int Length, decimal Count)> state) =>
            (state.GetValueOrDefault().Length + values.Length, state.GetValueOrDefault().Count + values.Length)));
    Show("ever", words.Map(word => ((word.Length, word[0]), 1L))
        .UpdateStateByKey((ReadOnlySpan<long> ones, Optional<long> state) => state.GetValueOrDefault() + ones.Length));
    Show("decimals", words.Map(word => (word.Length + 0.50m, 1)).MapWithState(KeyState.Of<long>(), (key, value, state) =>
    {
        state.Update(state.GetValueOrDefault() + value.GetValueOrDefault());
        return (key, state.Value);
    }));
    Show("window", words.Map(word => (word.Length, 1)).ReduceByKeyAndWindow((a, b) => a + b, (a, b) => a - b, TimeSpan.FromSeconds(60)));
}

void Show<T>(string name, DStream<T> stream) => stream.ForEachBatch((batch, time) =>
{
    lock (printed)
    {
        foreach (T record in batch)
        {
            Console.WriteLine($"{name} {record}");
        }
    }
});
