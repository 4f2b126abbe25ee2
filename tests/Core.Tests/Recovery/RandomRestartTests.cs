using FastStream.Tests.Core.Operators;
using Xunit.Abstractions;
using static FastStream.Tests.Core.Operators.OperatorRun;

namespace FastStream.Tests.Core.Checkpointing;

/// <summary>
/// Random programs with windows and states that are stopped at once and started again, at random points and in other
/// numbers of partitions, against LINQ over all batches.
/// </summary>
public sealed class RandomRestartTests(ITestOutputHelper output)
{
    private const int Batches = 13;
    private const int Programs = 12;

    [Fact]
    public Task Numbers() => CheckAsync(random => (long)random.Next(12));

    [Fact]
    public Task Strings_AndNull() => CheckAsync<string?>(random => random.Next(8) == 0 ? null : $"key {random.Next(12)}");

    [Fact]
    public Task Texts_ShortAndLong() => CheckAsync(random => Utf8Text.Intern(new string('k', random.Next(40)) + random.Next(3)));

    [Fact]
    public Task ManyKeys_ComeAndGo() => CheckAsync(random => random.NextInt64(5000));

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
        var left = RandomKeyedProgram<TKey>.NewBatches(random, newKey, Batches);
        var right = RandomKeyedProgram<TKey>.NewBatches(random, newKey, Batches);
        int programSeed = random.Next();
        for (int tick = 0; tick < Batches;)
        {
            int until = Math.Min(Batches, tick + random.Next(1, 6));
            await using StreamScenario scenario = folder.Start(tick, partitions: random.Next(1, 5), interval: random.Next(1, 5));
            var program = new RandomKeyedProgram<TKey>(new Random(programSeed), newKey, isOrdered: false, hasWindows: true);
            var last = program.Build(new(scenario.Input(left[tick..]), left), new(scenario.Input(right[tick..]), right),
                steps: 1 + (programSeed % 6));
            RecordedOutput<(TKey Key, long Value)> found = scenario.Output(last.Stream);
            string what = $"seed {seed}: {string.Join(' ', program.Names)}";
            if (random.Next(4) == 0)
            {
                // A graceful stop has one batch more, of what the inputs still hold.
                await scenario.RunBatchesAsync(until - tick);
                await scenario.Context.StopAsync();
                until++;
            }
            else
            {
                await scenario.RunAsync(until - tick);
            }

            for (; tick < Math.Min(until, Batches); tick++)
            {
                IReadOnlyList<(TKey Key, long Value)>? batch = found.At(new BatchTime(1000 * (tick + 1)));
                Assert.True(last.Batches[tick] is null == batch is null, $"batch {tick}, {what}");
                Assert.True(batch is null || AreSame(last.Batches[tick]!, batch), $"batch {tick}, {what}");
            }
        }
    }
}
