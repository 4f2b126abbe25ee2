using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace FastStream.Tests.Core.Monitoring;

public sealed class StreamingMetricsTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task Ticks_LeftOutByPolicy_AreCounted()
    {
        var clock = new ManualTimeProvider();
        await using var context = new StreamingContext(
            new StreamingOptions { Name = "ticks", TimeProvider = clock, Partitions = 1, MissedTicks = MissedTickPolicy.RunNewest });
        var times = new ConcurrentQueue<long>();
        new ManualStream<int>(context).ForEachBatch((_, time) => times.Enqueue(time.Milliseconds));
        context.Start();
        Assert.Equal(0, Read(context, "faststream.skipped_ticks"));

        // As after a stall: twenty ticks are due at once.
        clock.Jump(TimeSpan.FromSeconds(20));
        await context.WhenCompletedAsync(new BatchTime(20_000)).WaitAsync(Patience);
        Assert.Equal([20_000], times);
        Assert.Equal(19, context.Metrics.SkippedTicks);
        Assert.Equal(19, Read(context, "faststream.skipped_ticks"));
    }

    [Fact]
    public async Task Events_LostByASlowListener_AreCounted()
    {
        await using var context = new StreamingContext(new StreamingOptions { Name = "events" });
        using var slow = new SlowListener();
        context.AddListener(slow);
        new ManualStream<int>(context).ForEachBatch((_, _) => { });
        context.Post(listener => listener.OnWarning("first", null));
        await slow.Called.Task.WaitAsync(Patience);
        for (int i = 0; i < 10_007; i++)
        {
            context.Post(listener => listener.OnWarning("more", null));
        }

        Assert.Equal(7, context.Metrics.DroppedEvents);
        Assert.Equal(7, Read(context, "faststream.listener.dropped_events"));
        slow.Release();
    }

    /// <summary>What a collector reads of one of the context's instruments.</summary>
    private static long Read(StreamingContext context, string instrument)
    {
        var job = new KeyValuePair<string, object?>("faststream.job.name", context.Options.Name);
        long? value = null;
        using var listener = new MeterListener
        {
            InstrumentPublished = (published, listener) =>
            {
                if (published.Meter.Name == StreamingMetrics.MeterName && published.Name == instrument && published.Meter.Tags!.Contains(job))
                {
                    Assert.False(string.IsNullOrEmpty(published.Description));
                    listener.EnableMeasurementEvents(published);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((_, measured, _, _) => value = measured);
        listener.Start();
        listener.RecordObservableInstruments();
        return value ?? throw new InvalidOperationException($"There is no instrument {instrument}.");
    }

    private sealed class SlowListener : StreamingListener, IDisposable
    {
        private readonly ManualResetEventSlim _go = new();

        public TaskCompletionSource Called { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override void OnWarning(string message, Exception? error)
        {
            Called.TrySetResult();
            _go.Wait();
        }

        public void Release() => _go.Set();

        public void Dispose() => _go.Dispose();
    }
}
