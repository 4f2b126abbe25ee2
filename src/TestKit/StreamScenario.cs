namespace FastStream.Testing;

/// <summary>
/// A test of a whole program: any number of inputs and outputs on one context with a manual clock. Describe the
/// streams, run them, and look at the outputs. <see cref="StreamTest"/> is the short form for one output.
/// </summary>
/// <example><code>
/// await using var scenario = new StreamScenario();
/// var left = scenario.Input([[1, 2], [3]]);
/// var sums = scenario.Output(left.Reduce((a, b) => a + b));
/// await scenario.RunAsync();
/// Assert.Equal([[3], [3]], sums.Batches);
/// </code></example>
/// <remarks>One batch runs to its end before the next begins, so the same test gives the same result every time. Not thread safe.</remarks>
public sealed class StreamScenario : IAsyncDisposable
{
    private readonly StreamTestOptions _options;
    private readonly List<BatchTime> _times = [];   // batch times that were run or attempted
    private int _longestInput;                      // number of batches of the longest input

    /// <summary>Makes a scenario without inputs and outputs.</summary>
    public StreamScenario(StreamTestOptions? options = null)
    {
        _options = options ?? new StreamTestOptions();
        Clock = new ManualTimeProvider(_options.StartTime);
        var settings = new StreamingOptions
        {
            Name = "test",
            BatchInterval = _options.BatchInterval,
            Partitions = _options.Partitions,
            PoisonReturnedBlocks = true,
            TimeProvider = Clock,
        };
        Context = new StreamingContext(_options.Configure?.Invoke(settings) ?? settings);
        Context.AddListener(Recorder);
    }

    /// <summary>The clock; a run advances it by one interval for each batch.</summary>
    public ManualTimeProvider Clock { get; }

    /// <summary>The context; describe streams on it before the run.</summary>
    public StreamingContext Context { get; }

    /// <summary>All events of the context; complete after the run.</summary>
    public ListenerRecorder Recorder { get; } = new();

    /// <summary>The batch times of the run, in order.</summary>
    public IReadOnlyList<BatchTime> BatchTimes => _times;

    /// <summary>The batches that failed for good, in time order; complete after the run.</summary>
    public IReadOnlyList<StreamingException> Failures => Recorder.Failures;

    /// <summary>Makes an input that gives one of the batches in each interval, then empty ones.</summary>
    public ManualStream<T> Input<T>(IReadOnlyList<IReadOnlyList<T>> batches)
    {
        ArgumentNullException.ThrowIfNull(batches);
        var input = new ManualStream<T>(Context);
        foreach (IReadOnlyList<T> batch in batches)
        {
            input.Add(batch);
        }

        _longestInput = Math.Max(_longestInput, batches.Count);
        return input;
    }

    /// <summary>Records the batches of a stream.</summary>
    public RecordedOutput<T> Output<T>(DStream<T> stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return new RecordedOutput<T>(this, stream);
    }

    /// <summary>Starts the context if necessary and runs further batches, one after the other.</summary>
    /// <param name="batchCount">Number of batches; default <see cref="StreamTestOptions.BatchCount"/>, or as many as the
    /// longest input has.</param>
    /// <returns>
    /// False if a failed batch stopped the context before all batches had run; <see cref="Failures"/> and the context's
    /// Completion say why.
    /// </returns>
    /// <exception cref="TimeoutException">A batch was not done within <see cref="StreamTestOptions.HangTimeout"/>.</exception>
    public async Task<bool> RunBatchesAsync(int? batchCount = null)
    {
        Context.Start();
        int count = batchCount ?? _options.BatchCount ?? _longestInput;
        for (int i = 0; i < count; i++)
        {
            BatchTime next = _times.Count == 0 ? FirstTime() : _times[^1] + Context.Options.BatchInterval;
            _times.Add(next);
            Clock.Advance(next.ToDateTimeOffset() - Clock.GetUtcNow());
            if (!await CompletesAsync(next).ConfigureAwait(false))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Runs all batches, stops the context, and checks that every block was returned to the pool.</summary>
    /// <param name="batchCount">Number of batches; default <see cref="StreamTestOptions.BatchCount"/>, or as many as the
    /// longest input has.</param>
    /// <returns>False if a failed batch stopped the context before all batches had run.</returns>
    /// <exception cref="InvalidOperationException">Blocks were still held after the stop: a batch was retained and not
    /// released.</exception>
    public async Task<bool> RunAsync(int? batchCount = null)
    {
        bool all = await RunBatchesAsync(batchCount).ConfigureAwait(false);
        await DisposeAsync().ConfigureAwait(false);
        int held = Context.Blocks.RentedBlocks;
        return held == 0
            ? all
            : throw new InvalidOperationException(
                $"{held} blocks were still held after the context had stopped; 0 are expected. Release every batch that is retained.");
    }

    /// <summary>Stops the context at once.</summary>
    public ValueTask DisposeAsync() => Context.DisposeAsync();

    // Zero time belongs to the first start, which may be long ago where the context continues from a checkpoint.
    private BatchTime FirstTime() =>
        BatchTime.From(Clock.GetUtcNow()).Floor(Context.Options.BatchInterval, Context.ZeroTime) + Context.Options.BatchInterval;

    private async Task<bool> CompletesAsync(BatchTime time)
    {
        try
        {
            await Context.WhenCompletedAsync(time).WaitAsync(_options.HangTimeout).ConfigureAwait(false);
            return true;
        }
        catch (StreamingException)
        {
            // The batch ran and failed: Failures has it.
            return true;
        }
        catch (TimeoutException error)
        {
            throw new TimeoutException(
                $"Batch {time} was not done within {_options.HangTimeout} of real time. An operator or output waits "
                + "for something, or HangTimeout is too short.", error);
        }
        catch (InvalidOperationException)
        {
            // The context stopped without this batch: because of a failure, or, where there is none, because somebody
            // stopped it, which the caller must know.
            await Context.Completion.WaitAsync(_options.HangTimeout).ContinueWith(static _ => { }, TaskScheduler.Default)
                .ConfigureAwait(false);
            if (!Context.Completion.IsFaulted)
            {
                throw;
            }

            return false;
        }
    }
}
