using System.Net.Http.Json;
using System.Text.Json;

namespace FastStream.Tests.Dashboard;

/// <summary>A context on a manual clock with its dashboard on a free port, and a client for it.</summary>
internal sealed class ServedPage : IAsyncDisposable
{
    private readonly DashboardServer _server;

    private ServedPage(StreamScenario scenario, ManualStream<int> input, DashboardServer server)
    {
        Scenario = scenario;
        Input = input;
        _server = server;
        Client = new HttpClient { BaseAddress = server.Address, Timeout = TimeSpan.FromMinutes(2) };
    }

    public StreamScenario Scenario { get; }

    public ManualStream<int> Input { get; }

    public HttpClient Client { get; }

    public static async Task<ServedPage> OpenAsync(Action<DStream<int>>? describe = null)
    {
        var scenario =
            new StreamScenario(new StreamTestOptions
                { Configure = options => options with { Name = "a job", OnBatchFailure = BatchFailurePolicy.ReportAndContinue } });
        var input = new ManualStream<int>(scenario.Context);
        (describe ?? (numbers => numbers.Named("numbers").KeyBy(x => x % 3).ReduceByKey((a, b) => a + b)
            .ForEachBatch((batch, time) => { })))(input);
        DashboardServer server = await scenario.Context.UseDashboardAsync(port: 0);
        return new ServedPage(scenario, input, server);
    }

    /// <summary>Runs a batch, and waits until the dashboard knows of it.</summary>
    public async Task RunAsync(params int[] records)
    {
        int before = (await SnapshotAsync()).GetProperty("batches").GetArrayLength();
        Input.Add(records);
        await Scenario.RunBatchesAsync(1);
        while ((await SnapshotAsync()).GetProperty("batches").GetArrayLength() == before)
        {
            await Task.Yield();   // listeners hear of the batch on a thread of their own
        }
    }

    public Task<JsonElement> SnapshotAsync() => Client.GetFromJsonAsync<JsonElement>("api/jobs/a%20job/snapshot");

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _server.DisposeAsync();
        await Scenario.DisposeAsync();
    }
}
