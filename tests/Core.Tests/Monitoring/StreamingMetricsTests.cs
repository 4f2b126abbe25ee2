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

    [Fact]
    public void Histograms_InSeconds_AdviseBucketsFromBelowAMillisecond()
    {
        using var published = new Published("buckets");
        using var metrics = new StreamingContext(new StreamingOptions { Name = "buckets" }).Metrics;
        Histogram<double>[] histograms = [.. published.Instruments.OfType<Histogram<double>>()];
        Assert.Equal(["faststream.batch.duration", "faststream.batch.scheduling_delay", "faststream.batch.total_delay"],
            histograms.Select(each => each.Name).Order());
        Assert.All(histograms, histogram =>
        {
            IReadOnlyList<double> boundaries = histogram.Advice!.HistogramBucketBoundaries!;
            Assert.Equal("s", histogram.Unit);
            Assert.Equal(boundaries.Order(), boundaries);
            Assert.InRange(boundaries[0], 0, 0.0001);
            Assert.InRange(boundaries[^1], 60, 3600);
            Assert.True(boundaries.Count(boundary => boundary < 0.005) >= 5);
        });
    }

    [Fact]
    public async Task Measurements_AndTheirMeter_HaveTheJobOnce()
    {
        var clock = new ManualTimeProvider();
        using var published = new Published("tags");
        await using (var context = new StreamingContext(new StreamingOptions { Name = "tags", TimeProvider = clock }))
        {
            new ManualStream<int>(context).ForEachBatch((_, _) => { });
            context.Start();
            Task done = context.WhenCompletedAsync(new BatchTime(1000));
            clock.Advance(TimeSpan.FromSeconds(1));
            await done.WaitAsync(Patience);
            published.Collect();
        }

        Assert.Contains("faststream.batch.duration", published.Measured.Select(each => each.Instrument));
        Assert.Contains("faststream.batches", published.Measured.Select(each => each.Instrument));
        Assert.All(published.Measured, each => Assert.Single(each.Tags, tag => tag.Key == "faststream.job.name"));
        Assert.All(published.Measured, each => Assert.Equal(each.Tags.Length, each.Tags.DistinctBy(tag => tag.Key).Count()));
    }

    [Fact]
    public async Task Contexts_OfOneName_HaveSeriesOfTheirOwn()
    {
        using var published = new Published("twins");
        await using var first = new StreamingContext(new StreamingOptions { Name = "twins" });
        await using (var second = new StreamingContext(new StreamingOptions { Name = "twins" }))
        {
            published.Collect();
            string[] series = [.. published.Measured.Select(each => $"{each.Instrument} {string.Join(' ', each.Tags)}")];
            Assert.NotEmpty(series);
            Assert.Equal(series.Distinct(), series);
        }

        // One after the other, they take the same place: a program that makes many contexts has few series.
        await using var third = new StreamingContext(new StreamingOptions { Name = "twins" });
        Assert.Equal([1, 2, 2],
            published.Instruments.Select(each => each.Meter).Distinct()
                .Select(meter => meter.Tags!.Single(tag => tag.Key == "faststream.context.id").Value));
    }

    /// <summary>What a collector sees of the contexts of one name.</summary>
    private sealed class Published : IDisposable
    {
        private readonly MeterListener _listener = new();

        public Published(string name)
        {
            var job = new KeyValuePair<string, object?>("faststream.job.name", name);
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == StreamingMetrics.MeterName && instrument.Meter.Tags!.Contains(job))
                {
                    Instruments.Enqueue(instrument);
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<long>((instrument, _, tags, _) => Add(instrument, tags));
            _listener.SetMeasurementEventCallback<double>((instrument, _, tags, _) => Add(instrument, tags));
            _listener.Start();
        }

        public ConcurrentQueue<Instrument> Instruments { get; } = new();

        /// <summary>Each measurement with its tags and those of its meter.</summary>
        public ConcurrentQueue<(string Instrument, KeyValuePair<string, object?>[] Tags)> Measured { get; } = new();

        public void Collect() => _listener.RecordObservableInstruments();

        public void Dispose() => _listener.Dispose();

        private void Add(Instrument instrument, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
            Measured.Enqueue((instrument.Name, [.. instrument.Meter.Tags!, .. tags]));
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
                if (published.Meter.Name == StreamingMetrics.MeterName && published.Name == instrument
                    && published.Meter.Tags!.Contains(job))
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
