namespace FastStream.Runtime;

/// <summary>The running graph: its outputs, the roots where batches enter, and the runners.</summary>
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
    private BatchContext? _last;               // the attempt that began last
    private Dictionary<int, int>? _stages;   // each stream's stage; created on first use

    public IReadOnlyList<OutputOperation> Outputs { get; } = outputs;

    public IReadOnlyList<IInputStream> Inputs { get; } = inputs;

    /// <summary>The state of streams, as a checkpoint sees it.</summary>
    public IReadOnlyList<IStateSnapshot> Sections { get; } = sections;

    /// <summary>The keyed states that can be queried between batches.</summary>
    public IReadOnlyList<IKeptStates> States { get; } = states;

    /// <summary>The times at which the graph emits something even without input.</summary>
    public DueTimes Due { get; } = due;

    /// <summary>Begins to measure a batch. Called between batches.</summary>
    public StageTimes BeginProfile(TimeProvider clock)
    {
        counts.Begin();
        return new StageTimes(clock, runners.Count);
    }

    /// <summary>Takes the measurements. Called when the batch has drained.</summary>
    public BatchProfile TakeProfile(StageTimes times)
    {
        _stages ??= StreamGraph.Of(Outputs).Streams.ToDictionary(stream => stream.Id, stream => stream.Stage);
        return new BatchProfile(
            [.. runners.Select(runner => times.Of(runner.Index, _stages[runner.Stream.Id], runner.Partition))
                .OfType<StageRun>().OrderBy(run => run.Stage).ThenBy(run => run.Partition)],
            counts.Take(),
            times.GarbageCollection);
    }

    /// <summary>Sends one batch through all stages; completes when all of its messages have been handled.</summary>
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
    /// The names of the operators and inputs whose code runs now, without duplicates: for each thread, the innermost
    /// one of the chain.
    /// </summary>
    public IReadOnlyList<string> AtWork() =>
        [.. atWork.Select(each => (each.Name, each.Thread)).Where(each => each.Thread != 0)
            .DistinctBy(each => each.Thread).Select(each => each.Name).Distinct()];

    /// <summary>Whether the thread is in an operator or in an input's batch.</summary>
    public bool IsAtWork(int thread) => atWork.Any(each => each.Thread == thread);

    /// <summary>
    /// Discards, in every operator, the work of the attempt that began last. Call it only while no message is in
    /// flight.
    /// </summary>
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

        _last = null;   // a context is large, and its memory has been released
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

        // If one fails to close, the others are still closed.
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
