namespace FastStream;

/// <summary>The running graph: its outputs, the roots that a batch enters by, and the runners.</summary>
internal sealed class Graph(
    IReadOnlyList<OutputOperation> outputs,
    IReadOnlyList<IInputStream> inputs,
    IReadOnlyList<(StageRoot Root, StageRunner Runner)> inputRoots,
    IReadOnlyList<StageRoot> roots,
    IReadOnlyList<IBatchState> states,
    IReadOnlyList<IStateSection> sections,
    IReadOnlyList<StageRunner> runners,
    RunningBatch running,
    DueTimes due)
{
    public IReadOnlyList<OutputOperation> Outputs { get; } = outputs;

    public IReadOnlyList<IInputStream> Inputs { get; } = inputs;

    /// <summary>What streams keep over batches, as a checkpoint sees it.</summary>
    public IReadOnlyList<IStateSection> Sections { get; } = sections;

    /// <summary>When something comes out though nothing comes in.</summary>
    public DueTimes Due { get; } = due;

    public int StageRunnerCount => runners.Count;

    /// <summary>Sends one batch through all stages; done when none of its messages is left anywhere.</summary>
    public Task RunAsync(BatchScope batch)
    {
        running.Time = batch.Time;
        foreach ((StageRoot root, StageRunner runner) in inputRoots)
        {
            runner.Post(new StageMessage(root, batch, null, 0, 0));
        }

        batch.RemovePending();
        return batch.Quiet;
    }

    /// <summary>The batch that ran last will not run again: what operators keep over batches now includes it.</summary>
    public void Commit()
    {
        foreach (IBatchState state in states)
        {
            state.Commit();
        }
    }

    /// <summary>Drops half-done work in every operator. Only while no message is under way.</summary>
    public void Reset()
    {
        foreach (StageRoot root in roots)
        {
            root.Reset();
        }

        foreach (OutputOperation output in Outputs)
        {
            output.Reset();
        }
    }

    public async Task CloseAsync()
    {
        foreach (StageRunner runner in runners)
        {
            await runner.CloseAsync().ConfigureAwait(false);
        }

        Reset();
        foreach (StageRoot root in roots)
        {
            root.Dispose();
        }

        foreach (IBatchState state in states)
        {
            state.Dispose();
        }

        foreach (OutputOperation output in Outputs)
        {
            output.Close();
        }
    }
}

/// <summary>The batch that the operators of a graph work on: one at a time. Written between batches, read by operators whose functions take the time.</summary>
internal sealed class RunningBatch
{
    public BatchTime Time { get; set; }
}
