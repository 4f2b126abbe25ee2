using System.Runtime.InteropServices;
using FastStream;
using FastStream.Samples.KafkaWordCount;

// Counts the words of a topic for ever, and writes the counts to another topic exactly once.
//   dotnet run -c Release --project samples/KafkaWordCount    (with a cluster inside this program, and its own sentences)
//   dotnet run -c Release --project samples/KafkaWordCount -- localhost:9092 sentences counts
using var stop = new CancellationTokenSource();
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
void End(PosixSignalContext signal) { signal.Cancel = true; stop.Cancel(); }

using PlayCluster? play = args.Length == 0 ? new PlayCluster("sentences", "counts") : null;
string servers = play?.Servers ?? args[0];
string from = args.Length > 1 ? args[1] : "sentences";
string to = args.Length > 2 ? args[2] : "counts";

// The play cluster loses its topics when the program ends, so the state is removed with it.
string state = play?.Directory ?? $"{to}.state";
await using StreamingContext context = StreamingContext.GetOrCreate(state, new StreamingOptions { Name = "words" }, context =>
{
    DStream<(Utf8Text Word, long Count)> counts = context
        .KafkaStream(new KafkaSourceOptions { BootstrapServers = servers, Topics = [from], StartFrom = KafkaStart.Earliest })
        .Map(sentence => sentence.Value)
        .SplitWords()
        .CountByValue()
        .UpdateStateByKey((ReadOnlySpan<long> now, Optional<long> ever) => ever.GetValueOrDefault() + (now.IsEmpty ? 0 : now[0]));
    counts.ToKafka(
        new KafkaSinkOptions { BootstrapServers = servers, Topic = to, Delivery = KafkaDelivery.ExactlyOnce },
        each => new KafkaMessage(each.Word, each.Count.ToString()));
    counts.Print();
});
context.AddListener(new Warnings());
if (play is not null)
{
    Console.WriteLine(
        $"No broker was given: a cluster inside of this program plays one, at {servers}, with sentences of its own. "
        + "Its promises are a toy's.");
}

await context.RunAsync(stop.Token);   // until Ctrl-C, or kill -9: the next start continues
