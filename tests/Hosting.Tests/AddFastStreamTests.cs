using Microsoft.Extensions.Logging;
using FastStream.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace FastStream.Tests.Hosting;

/// <summary>Jobs in a host: bound, validated, started, stopped, logged, judged.</summary>
public sealed class AddFastStreamTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private sealed class CountingJob(Counts counts) : IStreamJob
    {
        public void Describe(StreamingContext context) => counts.Input(context).ForEachBatch((batch, time) => counts.Add(batch.Count));
    }

    private sealed class Counts
    {
        private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int Total { get; private set; }

        public Task First => _first.Task;

        public ManualStream<int>? Stream { get; private set; }

        public ManualStream<int> Input(StreamingContext context)
        {
            Stream = new ManualStream<int>(context);
            Stream.Add([1, 2, 3]);
            return Stream;
        }

        public void Add(int count)
        {
            Total += count;
            _first.TrySetResult();
        }
    }

    [Fact]
    public async Task Job_OfAClass_StartsAndStopsWithTheHost()
    {
        (HostApplicationBuilder builder, ManualTimeProvider clock, RecordedLog log) = New();
        builder.Services.AddSingleton<Counts>().AddFastStream<CountingJob>("orders");
        using IHost host = builder.Build();
        await host.StartAsync();
        clock.Advance(TimeSpan.FromSeconds(1));
        Counts counts = host.Services.GetRequiredService<Counts>();
        await counts.First.WaitAsync(Patience);
        counts.Stream!.Add([4]);   // received, and not in a batch yet: a graceful stop still processes it
        await host.StopAsync();
        Assert.Equal(4, counts.Total);
        Assert.Equal("orders", host.Services.GetRequiredService<StreamJobs>()["orders"].Context!.Options.Name);
        Assert.Equal([1, 2], log.Events.Select(heard => heard.Id).Where(id => id is 1 or 2));
    }

    [Fact]
    public async Task Options_OfConfiguration_ReachTheContext()
    {
        (HostApplicationBuilder builder, _, _) = New(
            ("Job:BatchInterval", "00:00:00.250"), ("Job:Partitions", "3"), ("Job:OnBatchFailure", "ReportAndContinue"),
            ("Job:Rate:MaxRecordsPerSecond", "77"), ("Job:OnFailure", "Degrade"));
        builder.Services.AddFastStream("orders", builder.Configuration.GetSection("Job"), Describe)
            .Configure(options => options.BatchRetries = 2);
        using IHost host = builder.Build();
        await host.StartAsync();
        StreamingOptions options = host.Services.GetRequiredService<StreamJobs>()["orders"].Context!.Options;
        Assert.Equal(
            (TimeSpan.FromMilliseconds(250), 3, BatchFailurePolicy.ReportAndContinue, 77L, 2),
            (options.BatchInterval, options.Partitions, options.OnBatchFailure, options.Rate.MaxRecordsPerSecond, options.BatchRetries));
        Assert.Equal(JobFailurePolicy.Degrade,
            host.Services.GetRequiredService<IOptionsMonitor<StreamJobOptions>>().Get("orders").OnFailure);
        await host.StopAsync();
    }

    [Theory]
    [InlineData("Partitions", "0", "1 to 1024")]
    [InlineData("BatchInterval", "00:00:00", "BatchInterval")]
    [InlineData("Checkpoint:Interval", "00:00:10", "Checkpoint.Directory")]
    [InlineData("Health:DegradedDelayIntervals", "0", "DegradedDelayIntervals")]
    [InlineData("SummaryInterval", "-00:00:05", "SummaryInterval")]
    public async Task Options_OutOfRange_AreRefusedAtTheStartWithTheJobsName(string key, string value, string expected)
    {
        (HostApplicationBuilder builder, _, _) = New(($"Job:{key}", value));
        builder.Services.AddFastStream("orders", builder.Configuration.GetSection("Job"), Describe);
        using IHost host = builder.Build();
        string message = (await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync())).Message;
        Assert.Contains("job orders", message, StringComparison.Ordinal);
        Assert.Contains(expected, message, StringComparison.Ordinal);
    }

    [Fact]
    public void Name_OfAnotherJob_IsRefused()
    {
        (HostApplicationBuilder builder, _, _) = New();
        builder.Services.AddFastStream("orders", Describe);
        Assert.Contains("\"orders\"",
            Assert.Throws<ArgumentException>(() => builder.Services.AddFastStream("orders", Describe)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Jobs_OfTwoNames_RunBesideEachOther()
    {
        (HostApplicationBuilder builder, ManualTimeProvider clock, _) = New();
        builder.Services.AddFastStream("one", Describe);
        builder.Services.AddFastStream("two", Describe);
        using IHost host = builder.Build();
        await host.StartAsync();
        Assert.Equal(["one", "two"], host.Services.GetRequiredService<StreamJobs>().Select(job => job.Name));
        clock.Advance(TimeSpan.FromSeconds(1));
        foreach (StreamJob job in host.Services.GetRequiredService<StreamJobs>())
        {
            await job.Context!.WhenCompletedAsync(BatchTime.From(clock.GetUtcNow())).WaitAsync(Patience);
        }

        await host.StopAsync();
    }

    [Fact]
    public async Task Failure_OfABatch_StopsTheApplicationAndIsLogged()
    {
        (HostApplicationBuilder builder, ManualTimeProvider clock, RecordedLog log) = New();
        builder.Services.AddFastStream("orders", DescribeFailing).AddHealthCheck();
        using IHost host = builder.Build();
        await host.StartAsync();
        var stopping = new TaskCompletionSource();
        host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.Register(stopping.SetResult);
        clock.Advance(TimeSpan.FromSeconds(1));
        await stopping.Task.WaitAsync(Patience);
        Assert.Equal(1, Environment.ExitCode);
        Environment.ExitCode = 0;
        await host.StopAsync();
        RecordedLog.Event failed = Assert.Single(log.Events, heard => heard.Id == 3);
        Assert.IsType<StreamingException>(failed.Error);
    }

    [Fact]
    public async Task Failure_OfAJobThatDegrades_LeavesTheApplicationUpAndUnhealthy()
    {
        (HostApplicationBuilder builder, ManualTimeProvider clock, _) = New(("Job:OnFailure", "Degrade"));
        builder.Services.AddFastStream("orders", builder.Configuration.GetSection("Job"), DescribeFailing).AddHealthCheck();
        using IHost host = builder.Build();
        await host.StartAsync();
        Assert.Equal(HealthStatus.Healthy, (await HealthAsync(host)).Status);
        clock.Advance(TimeSpan.FromSeconds(1));
        StreamingContext context = host.Services.GetRequiredService<StreamJobs>()["orders"].Context!;
        await Assert.ThrowsAsync<StreamingException>(() => context.Completion.WaitAsync(Patience));
        HealthReport report = await HealthAsync(host);
        Assert.Equal(HealthStatus.Unhealthy, report.Entries["orders"].Status);
        Assert.Equal(HealthStatus.Unhealthy, report.Entries["orders-live"].Status);
        Assert.False(host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.IsCancellationRequested);
        await host.StopAsync();
    }

    [Fact]
    public async Task Health_ABatchHangs_IsUnhealthyFromTheThresholdOn()
    {
        (HostApplicationBuilder builder, ManualTimeProvider clock, _) = New();
        var began = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var goOn = new TaskCompletionSource();
        builder.Services.AddFastStream("orders", (context, _) => new ManualStream<int>(context).ForEachBatch(async (batch, time) =>
        {
            began.TrySetResult();
            await goOn.Task;
        })).AddHealthCheck();
        using IHost host = builder.Build();
        await host.StartAsync();
        clock.Advance(TimeSpan.FromSeconds(1));
        await began.Task.WaitAsync(Patience);
        while (host.Services.GetRequiredService<StreamJobs>()["orders"].Health.Running is null)
        {
            await Task.Yield();   // listeners hear of the start on a thread of their own
        }

        Assert.Equal(HealthStatus.Healthy, (await HealthAsync(host)).Status);
        clock.Jump(TimeSpan.FromMinutes(2));
        HealthReport report = await HealthAsync(host);
        Assert.Equal(HealthStatus.Unhealthy, report.Entries["orders-live"].Status);
        Assert.Contains("has been running for", report.Entries["orders"].Description!, StringComparison.Ordinal);
        goOn.SetResult();
        await host.StopAsync();
    }

    [Fact]
    public async Task Stop_ShutdownTimeIsOver_StopsAtOnceAndSaysSo()
    {
        (HostApplicationBuilder builder, ManualTimeProvider clock, RecordedLog log) = New();
        var began = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        builder.Services.AddFastStream("orders",
            (context, _) => new ManualStream<int>(context).ForEachBatch(async (batch, time, cancellation) =>
        {
            began.TrySetResult();
            await new TaskCompletionSource().Task.WaitAsync(cancellation);
        }));
        using IHost host = builder.Build();
        await host.StartAsync();
        clock.Advance(TimeSpan.FromSeconds(1));
        await began.Task.WaitAsync(Patience);
        using var shutdown = new CancellationTokenSource();
        Task stopping = host.StopAsync(shutdown.Token);
        await shutdown.CancelAsync();
        await stopping.WaitAsync(Patience);
        Assert.Equal(StreamingContextState.Stopped, host.Services.GetRequiredService<StreamJobs>()["orders"].Context!.State);
        Assert.Contains(log.Events, heard => heard.Id == 4);
    }

    [Fact]
    public async Task Start_Cancelled_GivesTheJobUp()
    {
        (HostApplicationBuilder builder, _, _) = New();
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        builder.Services.AddFastStream("orders", (context, _) => new WaitingInput(context, asked).ForEachBatch((batch, time) => { }));
        using IHost host = builder.Build();
        using var patience = new CancellationTokenSource();
        Task starting = host.StartAsync(patience.Token);
        await asked.Task.WaitAsync(Patience);
        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => starting.WaitAsync(Patience));
    }

    private sealed class WaitingInput(StreamingContext context, TaskCompletionSource asked) : InputDStream<int>(context, "Waiting")
    {
        protected override async ValueTask StartAsync(CancellationToken cancellationToken)
        {
            asked.TrySetResult();
            await new TaskCompletionSource().Task.WaitAsync(cancellationToken);
        }

        protected override InputBatch<int> Cut(BatchTime time) => RecordInputBatch.Of<int>([]);
    }

    private static void Describe(StreamingContext context, IServiceProvider services) =>
        new ManualStream<int>(context).ForEachBatch((batch, time) => { });

    private static void DescribeFailing(StreamingContext context, IServiceProvider services) =>
        new ManualStream<int>(context).ForEachBatch((batch, time) => throw new IOException("full"));

    private static Task<HealthReport> HealthAsync(IHost host) =>
        host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync().WaitAsync(Patience);

    private static (HostApplicationBuilder Builder, ManualTimeProvider Clock,
        RecordedLog Log) New(params (string Key, string Value)[] settings)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(settings.Select(each => new KeyValuePair<string, string?>(each.Key, each.Value)));
        var clock = new ManualTimeProvider();
        var log = new RecordedLog();
        builder.Services.AddSingleton<TimeProvider>(clock);
        builder.Logging.AddProvider(log);
        builder.Logging.SetMinimumLevel(LogLevel.Trace);
        return (builder, clock, log);
    }
}
