using System.Runtime.InteropServices;
using FastStream;

using var stop = new CancellationTokenSource();
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);     // Ctrl-C
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);    // kill, docker stop, systemctl stop
void End(PosixSignalContext signal) { signal.Cancel = true; stop.Cancel(); }

string folder = args.Length > 0 ? args[0] : "words";       // move text files here: mv, not cp, so that they arrive whole
Directory.CreateDirectory(folder);

await using var context = StreamingContext.GetOrCreate($"{folder}.state", new StreamingOptions(), context =>
    context.TextFileStream(folder)
           .SplitWords()
           .CountByValue()
           .UpdateStateByKey((ReadOnlySpan<long> counts, Optional<long> ever) => ever.GetValueOrDefault()
               + (counts.IsEmpty ? 0 : counts[0]))
           .Named("words ever")
           .Print());
await context.RunAsync(stop.Token);                        // until asked to end, or kill -9: the next start continues
