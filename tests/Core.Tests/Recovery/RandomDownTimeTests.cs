using FastStream.Tests.Core.Operators;
using Xunit.Abstractions;
using static FastStream.Tests.Core.Operators.OperatorRun;

namespace FastStream.Tests.Core.Checkpointing;

/// <summary>
/// Random programs with windows and states that are down for some batch times, at which nothing came in, against LINQ
/// over all batches as if they had never been down. Under
/// <see cref="CatchUpPolicy.RunDue"/> programs that count calls without values are left to <see cref="CatchUpPolicy.RunEach"/>.
/// </summary>
public sealed class RandomDownTimeTests(ITestOutputHelper output)
{
    private const int Batches = 26;
    private const int Programs = 25;

    [Fact]
    public Task Numbers() => CheckAsync(random => (long)random.Next(12));

    [Fact]
    public Task Texts_ShortAndLong() => CheckAsync(random => Utf8Text.Intern(new string('k', random.Next(40)) + random.Next(3)));

    private async Task CheckAsync<TKey>(Func<Random, TKey> newKey)
    {
        Random seeds = RandomSource.New(output);
        for (int i = 0; i < Programs; i++)
        {
            await RunAsync(seeds.Next(), newKey);
        }
    }

    private static async Task RunAsync<TKey>(int seed, Func<Random, TKey> newKey)
    {
        using var folder = new JobFolder();
        var random = new Random(seed);
        (TKey Key, long Value)[][] left = RandomKeyedProgram<TKey>.NewBatches(random, newKey, Batches);
        (TKey Key, long Value)[][] right = RandomKeyedProgram<TKey>.NewBatches(random, newKey, Batches);
        List<Run> runs = NewRuns(random);
        for (int tick = 0; tick < Batches; tick++)
        {
            if (!runs.Any(run => run.From <= tick && tick < run.To))
            {
                left[tick] = right[tick] = [];
            }
        }

        int programSeed = random.Next();
        int done = 0;
        foreach (Run run in runs)
        {
            var program = new RandomKeyedProgram<TKey>(new Random(programSeed), newKey, isOrdered: false, hasWindows: true);
            bool runsEach = IsCounting(programSeed, newKey) || random.Next(4) == 0;
            int first = runsEach ? done : run.From;   // the batch that the inputs give first
            await using StreamScenario scenario =
                folder.Start(run.From, partitions: random.Next(1, 5), interval: random.Next(1, 5), options => options with
            {
                CatchUp = runsEach ? CatchUpPolicy.RunEach : CatchUpPolicy.RunDue,
                MissedTicks = (MissedTickPolicy)random.Next(2),
            });
            var last = program.Build(new(scenario.Input(left[first..]), left),
                new(scenario.Input(right[first..]), right), steps: 1 + (programSeed % 6));
            RecordedOutput<(TKey Key, long Value)> found = scenario.Output(last.Stream);
            await scenario.RunBatchesAsync(run.To - run.From - (run.IsGraceful ? 1 : 0));
            await scenario.Context.StopAsync(run.IsGraceful ? StopMode.Graceful : StopMode.Immediate);   // the former runs one batch more

            for (; done < run.To; done++)
            {
                string what = $"batch {done} of {string.Join(", ", runs)}, each {runsEach}, seed {seed}: {string.Join(' ', program.Names)}";
                IReadOnlyList<(TKey Key, long Value)>? batch = found.At(new BatchTime(1000 * (done + 1)));
                (TKey Key, long Value)[]? expected = last.Batches[done];
                bool mayBeLeftOut = done < run.From && !runsEach
                    && (expected is { Length: 0 }
                        || (last.Stream.MakesRecordsUpTo && last.Stream.Slide == scenario.Context.Options.BatchInterval));
                Assert.True(expected is null == batch is null || (batch is null && mayBeLeftOut), what);
                Assert.True(batch is null || AreSame(expected!, batch), what);
            }
        }
    }

    // A run has two batches and more: the last one may be that of a graceful stop.
    private static List<Run> NewRuns(Random random)
    {
        var runs = new List<Run>();
        for (int tick = 0; tick < Batches - 3;)
        {
            int to = Math.Min(Batches, tick + random.Next(2, 6));
            runs.Add(new Run(tick, to, random.Next(3) == 0));
            tick = to + random.Next(10);
        }

        return runs;
    }

    // The function of UpdateStateByKey counts its calls; without a name for that, by the steps' names.
    private static bool IsCounting<TKey>(int programSeed, Func<Random, TKey> newKey)
    {
        var context = new StreamingContext(new StreamingOptions { Partitions = 1 });
        var program = new RandomKeyedProgram<TKey>(new Random(programSeed), newKey, isOrdered: false, hasWindows: true);
        (TKey Key, long Value)[][] none = [.. Enumerable.Repeat<(TKey Key, long Value)[]>([], Batches)];
        program.Build(new(new ManualStream<(TKey Key, long Value)>(context), none),
            new(new ManualStream<(TKey Key, long Value)>(context), none), steps: 1 + (programSeed % 6));
        return program.Names
            .Any(name => name.StartsWith("window 11(", StringComparison.Ordinal)
                || name.StartsWith("window 12(", StringComparison.Ordinal));
    }

    private sealed record Run(int From, int To, bool IsGraceful);
}
