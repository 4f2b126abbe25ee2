using Xunit.Abstractions;
using static FastStream.Tests.Core.Operators.OperatorRun;

namespace FastStream.Tests.Core.Operators;

/// <summary>
/// Random programs with windows and states against LINQ over all batches; also where batches fail, at random points and
/// with tries left or not.
/// </summary>
public sealed class RandomWindowTests(ITestOutputHelper output)
{
    private const int Batches = 13;
    private const int Programs = 16;

    [Fact]
    public Task Numbers() => CheckAsync(random => (long)random.Next(12));

    [Fact]
    public Task Strings_AndNull() => CheckAsync<string?>(random => random.Next(8) == 0 ? null : $"key {random.Next(12)}");

    [Fact]
    public Task ManyKeys_ComeAndGo() => CheckAsync(random => random.NextInt64(5000));

    [Fact]
    public Task EqualHashes() => CheckAsync(random => new Clashing(random.Next(15)));

    private async Task CheckAsync<TKey>(Func<Random, TKey> newKey)
    {
        Random seeds = RandomSource.New(output);
        for (int i = 0; i < Programs; i++)
        {
            int seed = seeds.Next();
            int partitions = 1 + (i % 4);
            var first = await RunAsync(seed, partitions, newKey);
            var second = await RunAsync(seed, partitions, newKey);
            for (int batch = 0; batch < Batches; batch++)
            {
                string what = $"batch {batch}, {first.Text}";
                Assert.True(first.Expected[batch] is null == first.Found[batch] is null, what);
                Assert.True(first.Expected[batch] is not { } expected || AreSame(expected, first.Found[batch]!), what);
                Assert.True(first.Found[batch] is not { } found || found.SequenceEqual(second.Found[batch]!), $"twice, {what}");
            }
        }
    }

    private static async Task<(IReadOnlyList<IReadOnlyList<(TKey Key, long Value)>?> Found,
        (TKey Key, long Value)[]?[] Expected, string Text)> RunAsync<TKey>(
        int seed, int partitions, Func<Random, TKey> newKey)
    {
        // Whether a batch that fails runs again without its data depends on the program, which is known when it is
        // built. What the batches give decides in turn about a step that gives too much: so until both agree.
        var earlier = new HashSet<BatchTime>();
        for (int count = -1; count != earlier.Count;)
        {
            count = earlier.Count;
            await RunOnceAsync(seed, partitions, newKey, earlier, runs: false);
        }

        return await RunOnceAsync(seed, partitions, newKey, earlier, runs: true);
    }

    private static async Task<(IReadOnlyList<IReadOnlyList<(TKey Key, long Value)>?> Found,
        (TKey Key, long Value)[]?[] Expected, string Text)> RunOnceAsync<TKey>(
        int seed, int partitions, Func<Random, TKey> newKey, HashSet<BatchTime> earlier, bool runs)
    {
        var random = new Random(seed);
        int retries = random.Next(3);
        var left = RandomKeyedProgram<TKey>.NewBatches(random, newKey, Batches);
        var right = RandomKeyedProgram<TKey>.NewBatches(random, newKey, Batches);
        FailurePlan plan = random.Next(3) == 0 ? new FailurePlan() : NewPlan(random, partitions);
        await using var scenario = new StreamScenario(new()
        {
            Partitions = partitions,
            Configure = options => options with
                { OnBatchFailure = BatchFailurePolicy.ReportAndContinue, BatchRetries = retries, ConcurrentJobs = random.Next(1, 3) },
        });
        var failing = new FailingStream<(TKey Key, long Value)>(scenario.Input(left), plan);
        scenario.Output(failing);   // so that it runs even if the program leaves it out
        var program = new RandomKeyedProgram<TKey>(random, newKey, isOrdered: false, hasWindows: true);
        var last = program.Build(new(failing, WithFailures(left)), new(scenario.Input(right), WithFailures(right)),
            steps: random.Next(1, 7));
        RecordedOutput<(TKey Key, long Value)> found = scenario.Output(last.Stream);
        plan.AddOutput(last.Stream);
        if (!runs)
        {
            earlier.UnionWith(Times.Where(time => HasEarlierAt(last.Stream, time)));
            return ([], [], "");
        }

        await scenario.RunAsync(Batches);
        (TKey Key, long Value)[]?[] expected = [
            .. last.Batches.Zip(Times, (batch, time) => !plan.FailsForGood(time, retries) || last.Stream.GivesEarlierUpTo ? batch : null)];
        return (found.Batches, expected, $"seed {seed} in {partitions} partitions, {retries} retries: {string.Join(' ', program.Names)}");

        (TKey Key, long Value)[]?[] WithFailures((TKey Key, long Value)[][] batches) =>
            [.. batches.Zip(Times, (batch, time) => !plan.FailsForGood(time, retries)
                ? batch : earlier.Contains(time) && !plan.FailsForGood(time, retries + 1) ? [] : null)];
    }

    private static IEnumerable<BatchTime> Times => Enumerable.Range(1, Batches).Select(tick => new BatchTime(1000 * tick));

    // Whether a window or a state with a time-out, anywhere before the output, has a batch at this time.
    private static bool HasEarlierAt(DStream stream, BatchTime time) =>
        (stream.GivesEarlier && time.IsValid(stream.Slide, default)) || stream.Parents.Any(parent => HasEarlierAt(parent, time));

    private static FailurePlan NewPlan(Random random, int partitions)
    {
        var plan = new FailurePlan();
        for (int tick = 1; tick <= Batches; tick++)
        {
            if (random.Next(3) == 0)
            {
                plan.Add(new BatchTime(1000 * tick), (FailurePoint)random.Next(4), random.Next(partitions), random.Next(1, 5));
            }
        }

        return plan;
    }
}
