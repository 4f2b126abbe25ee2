namespace FastStream.Tests.Core.Checkpointing;

/// <summary>States that would be others after a restart stop the context that is to write them, or the start that reads them.</summary>
public sealed class ChangedStateTests
{
    private enum Light
    {
        Green,
        Red,
    }

    private sealed class Writer<T>(string schema) : IRecordSerializer<T>
        where T : struct
    {
        private readonly RawSerializer<T> _raw = new();

        public string Schema => schema;

        public void Write(in T record, System.Buffers.IBufferWriter<byte> output) => _raw.Write(in record, output);

        public T Read(ref ReadOnlySpan<byte> bytes) => _raw.Read(ref bytes);
    }

    private static DStream<(string Key, TState Value)> States<TState>(StreamScenario scenario, TState state) =>
        scenario.Input<string>([["key"], ["key"]]).Map(key => (key, 1))
            .UpdateStateByKey((ReadOnlySpan<int> values, Optional<TState> old) => old.GetValueOrDefault(state));

    [Fact]
    public async Task Checkpoint_SetWithComparer_StopsTheContextWithItsName()
    {
        using var folder = new JobFolder();
        await using StreamScenario scenario = folder.Start(interval: 1);
        scenario.Output(States(scenario, new HashSet<string>(StringComparer.OrdinalIgnoreCase) { "Ann" }));
        Exception error = await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            await scenario.RunAsync();
            await scenario.Context.StopAsync();
            await scenario.Context.Completion;
        });
        Assert.Contains("The Comparer of a System.Collections.Generic.HashSet", error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("(Red=0 Green=1)", false)]
    [InlineData("(Green=0 Red=1)", true)]
    [InlineData("(Green=0)", true)]
    [InlineData(null, true)]
    public async Task Start_EnumOfOtherNames_IsRefused(string? names, bool isRead)
    {
        using var folder = new JobFolder();
        string name = RecordLayout.NameOf(typeof(Light));
        await using (StreamScenario first = folder.Start(configure: options =>
        {
            string enums = names is null ? "" : $" enum {name}{names}";
            options.Checkpoint!.Serializers.Add(new Writer<Light>($"raw {name}:System.Int32{enums}"));
            return options;
        }))
        {
            first.Output(States(first, Light.Red));
            await first.RunAsync();
        }

        await using StreamScenario second = folder.Start(afterTick: 2);
        RecordedOutput<(string Key, Light Value)> found = second.Output(States(second, Light.Green));
        if (isRead)
        {
            await second.RunBatchesAsync(1);
            Assert.Equal([("key", Light.Red)], found.Batches[0]);
        }
        else
        {
            InvalidOperationException error = Assert.Throws<InvalidOperationException>(second.Context.Start);
            Assert.Contains("was written with Red=0, Green=1", error.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("(Red=0 Green=1)", true, false, false)]
    [InlineData("(Green=0 Red=1)", true, false, true)]
    [InlineData("(Red=0 Green=1)", true, true, true)]     // nothing is left to be read
    [InlineData("(Red=0 Green=1)", false, false, true)]   // nobody asks for a batch again that was put out
    public async Task Start_RecordsOfTheLogWithAnEnumOfOtherNames_IsRefused(string names, bool hasState, bool stopsGracefully, bool isRead)
    {
        using var folder = new JobFolder();
        string name = RecordLayout.NameOf(typeof(Light));
        await using (StreamScenario first = folder.Start(interval: 100, configure: options => With(options, names)))
        {
            Describe(first, [[Light.Red], [Light.Red]]);
            await first.RunBatchesAsync(1);
            await first.Context.StopAsync(stopsGracefully ? StopMode.Graceful : StopMode.Immediate);
        }

        await using StreamScenario second = folder.Start(afterTick: 2, configure: options => With(options, "(Green=0 Red=1)"));
        RecordedOutput<Light> found = Describe(second, [[Light.Green]]);
        if (isRead)
        {
            await second.RunBatchesAsync(1);
            Assert.Equal([Light.Green], found.Batches[0]);
        }
        else
        {
            InvalidOperationException error = Assert.Throws<InvalidOperationException>(second.Context.Start);
            Assert.Contains("an earlier run logged do not fit", error.Message, StringComparison.Ordinal);
            Assert.Contains("was written with Red=0, Green=1", error.Message, StringComparison.Ordinal);
        }

        RecordedOutput<Light> Describe(StreamScenario scenario, Light[][] batches)
        {
            ManualStream<Light> lights = scenario.Input<Light>(batches);
            if (hasState)
            {
                scenario.Output(lights.CountByWindow(TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(1)));
            }

            return scenario.Output(lights);
        }

        StreamingOptions With(StreamingOptions options, string enums)
        {
            options.Checkpoint!.Serializers.Add(new Writer<Light>($"raw {name}:System.Int32 enum {name}{enums}"));
            return options;
        }
    }

    // The run before the last one had other types; it left nothing, and no checkpoint was made since.
    [Theory]
    [InlineData("(Red=0 Green=1)", "(Green=0 Red=1)", "(Green=0 Red=1)", null)]
    [InlineData("(Green=0)", "(Green=0 Red=1)", "(Green=0 Blue=1)", "was written with Red=1")]
    public async Task Start_RecordsOfTheLogOfARunWithoutACheckpoint_AreComparedWithTheTypesOfThatRun(string first,
        string second, string third, string? refusal)
    {
        using var folder = new JobFolder();
        string name = RecordLayout.NameOf(typeof(Light));
        await using (StreamScenario run = folder.Start(interval: 100, configure: options => With(options, first)))
        {
            Describe(run, [[Light.Green]]);
            await run.RunBatchesAsync(1);
            await run.Context.StopAsync(StopMode.Graceful);
        }

        await using (StreamScenario run = folder.Start(interval: 100, afterTick: 2, configure: options => With(options, second)))
        {
            Describe(run, [[], [], [Light.Red], [Light.Red]]);
            await run.RunBatchesAsync(3);
            await run.Context.StopAsync(StopMode.Immediate);
        }

        await using StreamScenario last = folder.Start(interval: 100, afterTick: 6, configure: options => With(options, third));
        Describe(last, [[Light.Green]]);
        if (refusal is null)
        {
            await last.RunBatchesAsync(1);
        }
        else
        {
            InvalidOperationException error = Assert.Throws<InvalidOperationException>(last.Context.Start);
            Assert.Contains(refusal, error.Message, StringComparison.Ordinal);
        }

        // With a state, for which batches run again.
        static void Describe(StreamScenario scenario, Light[][] batches) =>
            scenario.Output(scenario.Input<Light>(batches).CountByWindow(TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(1)));

        StreamingOptions With(StreamingOptions options, string enums)
        {
            options.Checkpoint!.Serializers.Add(new Writer<Light>($"raw {name}:System.Int32 enum {name}{enums}"));
            return options;
        }
    }
}
