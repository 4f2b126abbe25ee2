namespace FastStream.Tests.Conformance.Programs;

/// <summary>Runs a program on the engine and keeps what came out.</summary>
/// <param name="Outputs">For each output its batches; null where the stream made none.</param>
/// <param name="Failure">The batch that failed, if one did; the batches after it did not run.</param>
/// <param name="BatchTimes">Times of the batches.</param>
/// <param name="Slices">What each slice of the first output gave after the last batch: its batches.</param>
internal sealed record ProgramRun(
    IReadOnlyList<IReadOnlyList<IReadOnlyList<object?>?>> Outputs, StreamingException? Failure, IReadOnlyList<BatchTime> BatchTimes,
    IReadOnlyList<IReadOnlyList<IReadOnlyList<object?>>> Slices)
{
    public static async Task<ProgramRun> RunAsync(
        ProgramNode tree, IReadOnlyDictionary<string, IReadOnlyList<object?>?[]> inputs, StreamTestOptions options,
        Action<IReadOnlyList<DStream<object?>>>? look = null, IReadOnlyList<(BatchTime From, BatchTime To)>? slices = null)
    {
        await using var scenario = new StreamScenario(options);
        IReadOnlyList<object?>[] Batches(string name) =>
            inputs[name].Select(batch => batch ?? throw new NotSupportedException("An input here always gives a batch.")).ToArray();
        IReadOnlyList<DStream<object?>> streams = new ProgramBuilder(name => scenario.Input(Batches(name))).Outputs(tree);
        look?.Invoke(streams);
        RecordedOutput<object?>[] outputs = streams.Select(scenario.Output).ToArray();
        RememberedStream<object?>? remembered = slices is null ? null : streams[0].Remember(TimeSpan.FromDays(1));
        var found = new List<IReadOnlyList<IReadOnlyList<object?>>>();
        if (remembered is not null && await scenario.RunBatchesAsync())
        {
            foreach ((BatchTime from, BatchTime to) in slices!)
            {
                using BatchSlice<object?> slice = remembered.Slice(from, to);
                found.Add(slice.Select(batch => batch.ToArray()).ToArray());
            }
        }

        if (!await scenario.RunAsync(remembered is null ? null : 0) && scenario.Failures.Count == 0)
        {
            await scenario.Context.Completion;
        }

        return new ProgramRun(outputs.Select(output => output.Batches).ToArray(), scenario.Failures.Count > 0
            ? scenario.Failures[0] : null, scenario.BatchTimes, found);
    }

    /// <summary>A batch as text: as it is where its order counts, sorted where it does not.</summary>
    public static string TextOf(IReadOnlyList<object?>? batch, bool ordered) =>
        batch is null ? "no batch" : new ValueList(ordered ? batch : batch.Order(ValueOrder.Instance).ToArray()).ToString();
}
