namespace FastStream.Tests.Conformance.Programs;

/// <summary>Runs a program on the engine and keeps what came out.</summary>
/// <param name="Outputs">For each output its batches; null where the stream made none.</param>
/// <param name="Failure">The batch that failed, if one did; the batches after it did not run.</param>
/// <param name="BatchTimes">Times of the batches.</param>
internal sealed record ProgramRun(
    IReadOnlyList<IReadOnlyList<IReadOnlyList<object?>?>> Outputs, StreamingException? Failure, IReadOnlyList<BatchTime> BatchTimes)
{
    public static async Task<ProgramRun> RunAsync(
        ProgramNode tree, IReadOnlyDictionary<string, IReadOnlyList<object?>?[]> inputs, StreamTestOptions options, Action<IReadOnlyList<DStream<object?>>>? look = null)
    {
        await using var scenario = new StreamScenario(options);
        IReadOnlyList<object?>[] Batches(string name) => inputs[name].Select(batch => batch ?? throw new NotSupportedException("An input here always gives a batch.")).ToArray();
        IReadOnlyList<DStream<object?>> streams = new ProgramBuilder(name => scenario.Input(Batches(name))).Outputs(tree);
        look?.Invoke(streams);
        RecordedOutput<object?>[] outputs = streams.Select(scenario.Output).ToArray();
        if (!await scenario.RunAsync() && scenario.Failures.Count == 0)
        {
            await scenario.Context.Completion;
        }

        return new ProgramRun(outputs.Select(output => output.Batches).ToArray(), scenario.Failures.Count > 0 ? scenario.Failures[0] : null, scenario.BatchTimes);
    }

    /// <summary>A batch as text: as it is where its order counts, sorted where it does not.</summary>
    public static string TextOf(IReadOnlyList<object?>? batch, bool ordered) =>
        batch is null ? "no batch" : new ValueList(ordered ? batch : batch.Order(ValueOrder.Instance).ToArray()).ToString();
}
