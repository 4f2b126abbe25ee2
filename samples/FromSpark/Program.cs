using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.InteropServices;
using FastStream;
using FastStream.Samples.FromSpark;

// Spark Streaming's examples, ported:
//   dotnet run -c Release --project samples/FromSpark -- NetworkWordCount 127.0.0.1 9999
using var stop = new CancellationTokenSource();
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
void End(PosixSignalContext signal) { signal.Cancel = true; stop.Cancel(); }

if (args is [nameof(RecoverableNetworkWordCount), var server, var serverPort, var directory, var output])
{
    await using StreamingContext recoverable = StreamingContext.GetOrCreate(directory, new StreamingOptions(), context =>
        RecoverableNetworkWordCount.Describe(context, server, Port(serverPort), output));
    await recoverable.RunAsync(stop.Token);
    return 0;
}

await using var context = new StreamingContext(batchInterval: TimeSpan.FromSeconds(1));
switch (args)
{
    case [nameof(NetworkWordCount), var host, var port]:
        NetworkWordCount.Describe(context, host, Port(port));
        break;
    case [nameof(StatefulNetworkWordCount), var host, var port]:
        StatefulNetworkWordCount.Describe(context, host, Port(port));
        break;
    case [nameof(WindowedWordCount), var host, var port]:
        WindowedWordCount.Describe(context, host, Port(port));
        break;
    case [nameof(CustomReceiver), var host, var port]:
        CustomReceiver.Describe(context, host, Port(port));
        break;
    case [nameof(SqlNetworkWordCount), var host, var port]:
        SqlNetworkWordCount.Describe(context, host, Port(port));
        break;
    case [nameof(DirectKafkaWordCount), var brokers, var topics]:
        DirectKafkaWordCount.Describe(context, brokers, topics);
        break;
    case [nameof(PageViewStream), var metric, var host, var port]:
        PageViewStream.Describe(context, metric, host, Port(port));
        break;
    case [nameof(QueueStream)]:
        var queue = new ConcurrentQueue<IReadOnlyList<int>>(Enumerable.Repeat(Enumerable.Range(1, 1000).ToArray(), 30));
        QueueStream.Describe(context, queue);
        break;
    default:
        await Console.Error.WriteLineAsync("""
            One of these is expected:
              NetworkWordCount HOST PORT
              StatefulNetworkWordCount HOST PORT
              WindowedWordCount HOST PORT
              RecoverableNetworkWordCount HOST PORT CHECKPOINT-DIRECTORY OUTPUT-FILE
              CustomReceiver HOST PORT
              QueueStream
              SqlNetworkWordCount HOST PORT
              DirectKafkaWordCount BROKERS TOPIC,TOPIC
              PageViewStream METRIC HOST PORT
            METRIC is pageCounts, slidingPageCounts, errorRatePerZipCode, activeUserCount or popularUsersSeen.
            """);
        return 2;
}

await context.RunAsync(stop.Token);
return 0;

static int Port(string text) => int.Parse(text, CultureInfo.InvariantCulture);
