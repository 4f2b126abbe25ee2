using System.Collections.Concurrent;

namespace FastStream.Tests;

/// <summary>
/// Runs one input in a context on a manual clock, and keeps what each batch had. Ticks are driven by the test; nothing
/// sleeps.
/// </summary>
internal sealed class InputRun<T> : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);   // a test that waits longer hangs: it fails instead

    private readonly ConcurrentQueue<T[]> _batches = new();
    private BatchTime _time;

    private InputRun(StreamingContext context, ManualTimeProvider clock)
    {
        Interval = context.Options.BatchInterval;
        Context = context;
        Clock = clock;
    }

    public TimeSpan Interval { get; }

    public StreamingContext Context { get; }

    public ManualTimeProvider Clock { get; }

    public RecordingListener Listener { get; } = new();

    /// <summary>The batches until now, one array each.</summary>
    public IReadOnlyList<T[]> Batches => _batches.ToArray();

    public IEnumerable<T> Records => _batches.SelectMany(batch => batch);

    /// <param name="input">Describes the input.</param>
    /// <param name="options">Options; clock and interval are replaced.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="interval">The batch interval.</param>
    /// <param name="output">Gets each batch before it is kept; where it throws, the batch fails and is not kept.</param>
    public static InputRun<T> Start(
        Func<StreamingContext, DStream<T>> input, StreamingOptions? options = null, ManualTimeProvider? clock = null,
        TimeSpan? interval = null, Action<T[]>? output = null)
    {
        clock ??= new ManualTimeProvider(DateTimeOffset.FromUnixTimeSeconds(1_700_000_000));
        var context = new StreamingContext((options ?? new StreamingOptions { Partitions = 3 }) with
        {
            TimeProvider = clock,
            PoisonReturnedBlocks = true,
            BatchInterval = interval ?? TimeSpan.FromSeconds(1),
        });
        var run = new InputRun<T>(context, clock);
        context.AddListener(run.Listener);
        input(context).ForEachBatch((batch, _) =>
        {
            T[] records = batch.ToArray();
            output?.Invoke(records);
            run._batches.Enqueue(records);
        });
        context.Start();

        // Zero time, or where an earlier run's grid is now.
        run._time = BatchTime.From(clock.GetUtcNow()).Floor(run.Interval, context.ZeroTime);
        return run;
    }

    /// <summary>Runs one batch; gives its records.</summary>
    public async Task<IReadOnlyList<T>> TickAsync()
    {
        _time += Interval;
        Task completed = Context.WhenCompletedAsync(_time);
        Clock.Advance(Interval);
        await WaitAsync(completed);
        return _batches.LastOrDefault() ?? [];
    }

    // A batch that failed is done with too: tests look at what listeners heard of it, or at the context's end.
    private static async Task WaitAsync(Task completed)
    {
        try
        {
            await completed.WaitAsync(Patience);
        }
        catch (StreamingException)
        {
        }
    }

    /// <summary>Runs the batches that an earlier run planned, and one more.</summary>
    /// <returns>All records of these batches.</returns>
    public async Task<IReadOnlyList<T>> RecoverAsync()
    {
        await TickAsync();
        return Records.ToArray();
    }

    /// <summary>Runs one batch, unless one fails before it; gives whether it was done with.</summary>
    public async Task<bool> TryTickAsync()
    {
        try
        {
            await TickAsync();
            return true;
        }
        catch (InvalidOperationException)
        {
            // The context has stopped.
            return false;
        }
    }

    /// <summary>Runs a batch; it, or one that an earlier run planned, must fail the context, whose end this waits for.</summary>
    public async Task FailAsync()
    {
        await TryTickAsync();
        await Assert.ThrowsAsync<StreamingException>(() => Context.Completion.WaitAsync(Patience));
        await Context.DisposeAsync();
    }

    /// <summary>Runs batches until something is so.</summary>
    public async Task TickUntilAsync(Func<bool> done)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!done())
        {
            Assert.False(patience.IsCancellationRequested,
                $"It is not so after {Patience}. {Records.Count()} records came; errors: {string.Join("; ", Listener.Errors)}");
            await TickAsync();
            await Task.Yield();
        }
    }

    public Task TickUntilAsync(int records) => TickUntilAsync(() => Records.Count() >= records);

    /// <summary>Stops, has listeners hear everything, and checks that every block came back.</summary>
    public async Task StopAsync(StopMode mode = StopMode.Graceful)
    {
        await Context.StopAsync(mode).WaitAsync(Patience);
        await Context.DisposeAsync().AsTask().WaitAsync(Patience);
        Assert.Equal(0, Context.Blocks.RentedBlocks);
    }

    public async ValueTask DisposeAsync() => await Context.DisposeAsync();
}

/// <summary>Keeps receiver events and warnings, and tells who waits for them.</summary>
internal sealed class RecordingListener : StreamingListener
{
    private readonly ConcurrentQueue<ReceiverInfo> _errors = new();
    private readonly ConcurrentQueue<string> _warnings = new();
    private readonly SemaphoreSlim _errorCame = new(0);
    private readonly SemaphoreSlim _warningCame = new(0);

    public TaskCompletionSource<ReceiverInfo> Started { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TaskCompletionSource<ReceiverInfo> Stopped { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public IEnumerable<string> Errors => _errors.Select(info => info.LastErrorMessage!);

    public IEnumerable<string> Warnings => _warnings;

    public List<BatchInfo> Completed { get; } = [];

    public override void OnReceiverStarted(ReceiverInfo receiver) => Started.TrySetResult(receiver);

    public override void OnReceiverStopped(ReceiverInfo receiver) => Stopped.TrySetResult(receiver);

    public override void OnReceiverError(ReceiverInfo receiver)
    {
        _errors.Enqueue(receiver);
        _errorCame.Release();
    }

    public override void OnWarning(string message, Exception? error)
    {
        _warnings.Enqueue(message);
        _warningCame.Release();
    }

    public override void OnBatchCompleted(BatchInfo batch)
    {
        lock (Completed)
        {
            Completed.Add(batch);
        }
    }

    /// <summary>Waits for one more receiver error.</summary>
    public Task NextErrorAsync() => _errorCame.WaitAsync().WaitAsync(TimeSpan.FromSeconds(60));

    /// <summary>Waits for one more warning.</summary>
    public Task NextWarningAsync() => _warningCame.WaitAsync().WaitAsync(TimeSpan.FromSeconds(60));
}
