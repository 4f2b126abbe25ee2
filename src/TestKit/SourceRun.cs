using System.Collections.Concurrent;

namespace FastStream.Testing;

/// <summary>One source in a context on a manual clock, with the records of each batch. Not thread safe.</summary>
internal sealed class SourceRun<T> : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan HangTimeout = TimeSpan.FromMinutes(2);   // a longer wait counts as a hang

    private readonly ConcurrentQueue<(BatchTime Time, IReadOnlyList<T> Records)> _batches = new();
    private readonly ManualTimeProvider _clock;
    private readonly TimeSpan _patience;
    private BatchTime _time;

    private SourceRun(StreamingContext context, ManualTimeProvider clock, TimeSpan patience)
    {
        _patience = patience;
        Context = context;
        _clock = clock;
    }

    public StreamingContext Context { get; }

    public IReadOnlyList<IReadOnlyList<T>> Batches => [.. _batches.Select(batch => batch.Records)];

    public IReadOnlyList<BatchTime> Times => [.. _batches.Select(batch => batch.Time)];

    public IReadOnlyList<T> Records => [.. _batches.SelectMany(batch => batch.Records)];

    /// <param name="describe">Describes the source's stream.</param>
    /// <param name="options">Options; their clock and interval are replaced.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="patience">The real time after which missing records count as lost.</param>
    /// <param name="output">Called with each batch before it is recorded; if it throws, the batch fails and is not
    /// recorded.</param>
    public static SourceRun<T> Start(
        Func<StreamingContext, DStream<T>> describe,
        StreamingOptions options,
        ManualTimeProvider clock,
        TimeSpan patience,
        Action<IReadOnlyList<T>>? output = null)
    {
        var context = new StreamingContext(options with { TimeProvider = clock, BatchInterval = Interval, PoisonReturnedBlocks = true });
        var run = new SourceRun<T>(context, clock, patience);
        describe(context).ForEachBatch((batch, time) =>
        {
            T[] records = batch.ToArray();
            output?.Invoke(records);
            run._batches.Enqueue((time, records));
        });
        context.Start();

        // Zero time, or the present point of an earlier run's grid.
        run._time = BatchTime.From(clock.GetUtcNow()).Floor(Interval, context.ZeroTime);
        return run;
    }

    public static void Require(bool isSo, string otherwise)
    {
        if (!isSo)
        {
            throw new InvalidOperationException($"The source breaks its contract: {otherwise}.");
        }
    }

    /// <summary>Runs one batch, which may fail; returns its records.</summary>
    public async Task<IReadOnlyList<T>> TickAsync()
    {
        _time += Interval;
        Task completed = Context.WhenCompletedAsync(_time);
        _clock.Advance(Interval);
        try
        {
            await completed.WaitAsync(HangTimeout).ConfigureAwait(false);
        }
        catch (StreamingException error) when (error.BatchTime is not null)
        {
        }
        catch (InvalidOperationException error)
        {
            Require(
                Context.Completion.IsFaulted,
                $"the context stopped without batch {_time}: {error.InnerException?.Message ?? error.Message}");
        }

        return _batches.LastOrDefault(batch => batch.Time == _time).Records ?? [];
    }

    public Task TickUntilAsync(int records) => TickUntilAsync(() => _batches.Sum(batch => batch.Records.Count) >= records);

    /// <summary>Runs batches until a condition holds, or the context has failed.</summary>
    public async Task TickUntilAsync(Func<bool> done)
    {
        using var patience = new CancellationTokenSource(_patience);
        while (!done())
        {
            Require(
                !patience.IsCancellationRequested,
                $"{_batches.Sum(batch => batch.Records.Count)} records came in {_patience}, and more were given");
            if (Context.Completion.IsFaulted)
            {
                await Context.Completion.ConfigureAwait(false);
            }

            await TickAsync().ConfigureAwait(false);
            await Task.Yield();
        }
    }

    /// <summary>Waits for the end of a context that fails.</summary>
    public async Task EndAsync()
    {
        try
        {
            await Context.Completion.WaitAsync(HangTimeout).ConfigureAwait(false);
        }
        catch (StreamingException)
        {
        }
    }

    /// <summary>Stops, and checks that every block was returned.</summary>
    public async Task StopAsync(StopMode mode)
    {
        await Context.StopAsync(mode).WaitAsync(HangTimeout).ConfigureAwait(false);
        await Context.DisposeAsync().AsTask().WaitAsync(HangTimeout).ConfigureAwait(false);
        int held = Context.Blocks.RentedBlocks;
        Require(held == 0, $"{held} blocks of the context's pool are held after the stop; 0 are expected");
    }

    public ValueTask DisposeAsync() => Context.DisposeAsync();
}
