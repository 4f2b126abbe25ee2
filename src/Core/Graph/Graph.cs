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
    IReadOnlyList<IAtWork> atWork,
    RecordCounts counts,
    RunningBatch running,
    DueTimes due)
{
    private Dictionary<int, int>? _stages;   // each stream's stage; made when first asked for

    public IReadOnlyList<OutputOperation> Outputs { get; } = outputs;

    public IReadOnlyList<IInputStream> Inputs { get; } = inputs;

    /// <summary>What streams keep over batches, as a checkpoint sees it.</summary>
    public IReadOnlyList<IStateSection> Sections { get; } = sections;

    /// <summary>When something comes out though nothing comes in.</summary>
    public DueTimes Due { get; } = due;

    public int StageRunnerCount => runners.Count;

    /// <summary>Begins to measure a batch. Between batches.</summary>
    public StageTimes BeginProfile(TimeProvider clock)
    {
        counts.Begin();
        return new StageTimes(clock, runners.Count);
    }

    /// <summary>What was measured. When the batch is quiet.</summary>
    public BatchProfile TakeProfile(StageTimes times)
    {
        _stages ??= StreamGraph.Of(Outputs).Streams.ToDictionary(stream => stream.Id, stream => stream.Stage);
        return new BatchProfile(
            [.. runners.Select(runner => times.Of(runner.Index, _stages[runner.Stream.Id], runner.Partition)).OfType<StageRun>().OrderBy(run => run.Stage).ThenBy(run => run.Partition)],
            counts.Take(),
            times.GarbageCollection);
    }

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

    /// <summary>The operators and inputs whose code runs now: of each thread the last of the chain that was called. Names, each once.</summary>
    public IReadOnlyList<string> AtWork() =>
        [.. atWork.Select(each => (each.Name, each.Thread)).Where(each => each.Thread != 0).DistinctBy(each => each.Thread).Select(each => each.Name).Distinct()];

    /// <summary>Whether the thread is in an operator or in an input's batch.</summary>
    public bool IsAtWork(int thread) => atWork.Any(each => each.Thread == thread);

    /// <summary>The context has given the running batch up: operators that come back take nothing more.</summary>
    public void LeaveBehind() => running.IsLeftBehind = true;

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
    private bool _isLeftBehind;

    public BatchTime Time { get; set; }

    /// <summary>Whether the context has given the batch up while an operator did not return.</summary>
    public bool IsLeftBehind
    {
        get => Volatile.Read(ref _isLeftBehind);
        set => Volatile.Write(ref _isLeftBehind, value);
    }

    public void ThrowIfLeftBehind()
    {
        if (_isLeftBehind)
        {
            throw new OperationCanceledException("The context has stopped without this batch.");
        }
    }
}
