using System.Runtime.InteropServices;
using FastStream;

using var stop = new CancellationTokenSource();
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);     // Ctrl-C
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);    // kill, docker stop, systemctl stop
void End(PosixSignalContext signal) { signal.Cancel = true; stop.Cancel(); }

int port = args.Length > 0 ? int.Parse(args[0]) : 9999;    // in another terminal: nc -lk 9999

await using var context = new StreamingContext(batchInterval: TimeSpan.FromSeconds(1));
DStream<Utf8Text> lines = context.SocketTextStream("127.0.0.1", port);
lines.Filter(line => line.Contains("ERROR"u8)).Print();
lines.SplitWords().Map(word => (word, 1L)).ReduceByKey((a, b) => a + b).Print();
await context.RunAsync(stop.Token);                        // until asked to end; it still processes what it has received
