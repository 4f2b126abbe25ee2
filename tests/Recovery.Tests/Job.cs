using System.Diagnostics;
using System.Globalization;

namespace FastStream.Tests.Recovery;

/// <summary>The program that the tests kill: numbers, and what windows and states make of them, each batch as files.</summary>
internal static class Job
{
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(10);
    public const int WindowBatches = 5;
    public const int Keys = 7;

    /// <summary>Runs until it is killed, or has made so many batches and stops well.</summary>
    /// <param name="args">The folder; how many batches; and for a run that is to be killed the place, and at which pass of it.</param>
    public static async Task<int> Main(string[] args)
    {
        if (args[0] == ReceiverJob.Name)
        {
            return await ReceiverJob.RunAsync(args[1..]);
        }

        if (args[0] == HandleJob.Name)
        {
            return await HandleJob.RunAsync(args[1..]);
        }

        if (args[0] == SinkJob.Name)
        {
            return await SinkJob.RunAsync(args[1..]);
        }

        string folder = args[0];
        var options = new StreamingOptions { BatchInterval = Interval, Partitions = 2 };
        options = options with
            { Checkpoint = new CheckpointOptions { Directory = Path.Combine(folder, "state"), Interval = 3 * Interval } };
        await using StreamingContext context =
            StreamingContext.GetOrCreate(Path.Combine(folder, "state"), options, context => Describe(context, folder));
        Countdown done = Prepare(context, args[1..]);
        context.Start();
        await Task.WhenAny(done.Reached, context.Completion);
        await context.StopAsync();
        await context.Completion;
        return 0;
    }

    /// <summary>Has a context tell when it has made its batches, and has the process die at a place.</summary>
    /// <param name="context">The context.</param>
    /// <param name="args">How many batches; and for a run that is to be killed the place, and at which pass of it.</param>
    public static Countdown Prepare(StreamingContext context, string[] args)
    {
        if (args.Length == 3)
        {
            KillAt(args[1], int.Parse(args[2], CultureInfo.InvariantCulture));
        }

        var done = new Countdown(int.Parse(args[0], CultureInfo.InvariantCulture));
        context.AddListener(done);
        return done;
    }

    private static void Describe(StreamingContext context, string folder)
    {
        var numbers = new NumberStream(context);
        DStream<(long Key, long Value)> pairs = numbers.Map(x => (Key: x % Keys, Value: x));
        numbers.SaveAsTextFiles(Out("numbers"));
        pairs.UpdateStateByKey((ReadOnlySpan<long> values, Optional<long> state) => state.GetValueOrDefault() + Sum(values))
            .SaveAsTextFiles(Out("sums"));
        pairs.ReduceByKeyAndWindow((a, b) => a + b, (a, b) => a - b, WindowBatches * Interval).SaveAsTextFiles(Out("window"));
        pairs.GroupByKeyAndWindow(WindowBatches * Interval).MapValues(values => values.Sum()).SaveAsTextFiles(Out("grouped"));
        pairs.Map(pair => (Key: $"key {pair.Key} of a state, long enough to lie outside", pair.Value))
            .MapWithState(StateSpec.Function<string, long, long, long>((_, _, value, state) =>
            {
                state.Update(state.GetValueOrDefault() + value.GetValueOrDefault());
                return Optional<long>.None;
            })).StateSnapshots().Values().Reduce((a, b) => a + b).SaveAsTextFiles(Out("total"));

        string Out(string name) => Path.Combine(folder, "out", name);
    }

    private static long Sum(ReadOnlySpan<long> values)
    {
        long sum = 0;
        foreach (long value in values)
        {
            sum += value;
        }

        return sum;
    }

    private static void KillAt(string place, int pass)
    {
        int passes = 0;
        FailPoint.Passing = passed =>
        {
            if (passed == place && Interlocked.Increment(ref passes) == pass)
            {
                Process.GetCurrentProcess().Kill();
                new ManualResetEventSlim().Wait();   // nothing happens here between the signal and the end
            }
        };
    }
}
