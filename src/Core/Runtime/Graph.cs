namespace FastStream.Runtime;

/// <summary>The running graph: its outputs, the roots that a batch enters by, and the runners.</summary>
internal sealed class Graph(
    IReadOnlyList<OutputOperation> outputs,
    IReadOnlyList<IInputStream> inputs,
    IReadOnlyList<(StageRoot Root, StageRunner Runner)> inputRoots,
    IReadOnlyList<StageRoot> roots,
    IReadOnlyList<IDisposable> owned,
    IReadOnlyList<IStateSnapshot> sections,
    IReadOnlyList<StageRunner> runners,
    IReadOnlyList<IAtWork> atWork,
    RecordCounts counts,
    DueTimes due,
    IReadOnlyList<IKeptStates> states)
{
    private BatchContext? _last;               // the run that began last
    private Dictionary<int, int>? _stages;   // each stream's stage; made when first asked for

    public IReadOnlyList<OutputOperation> Outputs { get; } = outputs;

    public IReadOnlyList<IInputStream> Inputs { get; } = inputs;

    /// <summary>What streams keep over batches, as a checkpoint sees it.</summary>
    public IReadOnlyList<IStateSnapshot> Sections { get; } = sections;

    /// <summary>What keys' states can be asked for, between batches.</summary>
    public IReadOnlyList<IKeptStates> States { get; } = states;

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
            [.. runners.Select(runner => times.Of(runner.Index, _stages[runner.Stream.Id], runner.Partition))
                .OfType<StageRun>().OrderBy(run => run.Stage).ThenBy(run => run.Partition)],
            counts.Take(),
            times.GarbageCollection);
    }

    /// <summary>Sends one batch through all stages; done when none of its messages is left anywhere.</summary>
    public Task RunAsync(BatchContext batch)
    {
        _last = batch;
        foreach ((StageRoot root, StageRunner runner) in inputRoots)
        {
            runner.Post(new StageMessage(root, batch, null, 0, 0));
        }

        batch.RemovePending();
        return batch.Drained;
    }

    /// <summary>
    /// The operators and inputs whose code runs now: of each thread the last of the chain that was called. Names, each
    /// once.
    /// </summary>
    public IReadOnlyList<string> AtWork() =>
        [.. atWork.Select(each => (each.Name, each.Thread)).Where(each => each.Thread != 0)
            .DistinctBy(each => each.Thread).Select(each => each.Name).Distinct()];

    /// <summary>Whether the thread is in an operator or in an input's batch.</summary>
    public bool IsAtWork(int thread) => atWork.Any(each => each.Thread == thread);

    /// <summary>Drops what the run that began last has done in every operator. Only while no message is under way.</summary>
    public void Reset()
    {
        foreach (StageRoot root in roots)
        {
            if (_last is not null)
            {
                root.Reset(_last);
            }
        }

        foreach (OutputOperation output in Outputs)
        {
            output.Reset();
        }

        _last = null;   // a scope is large, and its memory has gone
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

        foreach (IDisposable each in owned)
        {
            each.Dispose();
        }

        // One that does not close does not keep the others open.
        var failures = new List<Exception>();
        foreach (OutputOperation output in Outputs)
        {
            try
            {
                await output.CloseAsync().ConfigureAwait(false);
            }
            catch (Exception error)
            {
                failures.Add(new StreamingException($"{output.Name}: {error.Message}", error));
            }
        }

        if (failures.Count > 0)
        {
            throw failures[0];
        }
    }
}
