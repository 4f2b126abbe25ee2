using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace FastStream.Tests.Dashboard;

/// <summary>What the dashboard answers, and to whom.</summary>
public sealed class ApiTests
{
    [Fact]
    public async Task Snapshot_AfterBatches_HasThemWithInputsAndOutputs()
    {
        await using ServedPage page = await ServedPage.OpenAsync();
        await page.RunAsync(1, 2, 3);
        await page.RunAsync(4);
        JsonElement snapshot = await page.SnapshotAsync();
        JsonElement[] batches = [.. snapshot.GetProperty("batches").EnumerateArray()];
        Assert.Equal([1000, 2000], batches.Select(batch => batch.GetProperty("timeMs").GetInt32()));
        Assert.Equal([3, 1], batches.Select(batch => batch.GetProperty("records").GetInt32()));
        Assert.Equal("numbers", batches[0].GetProperty("inputs")[0].GetProperty("name").GetString());
        Assert.Single(batches[0].GetProperty("outputs").EnumerateArray());
        Assert.Equal(4, snapshot.GetProperty("totals").GetProperty("records").GetInt32());
        Assert.Equal("Active", snapshot.GetProperty("job").GetProperty("state").GetString());
        Assert.Contains(snapshot.GetProperty("graph").GetProperty("streams").EnumerateArray(),
            stream => stream.GetProperty("isExchange").GetBoolean());
    }

    [Fact]
    public async Task Batch_ThatFailed_HasOperatorAndStack()
    {
        await using ServedPage page =
            await ServedPage.OpenAsync(numbers => numbers.Map(x => x < 0 ? throw new IOException("<b>full</b>") : x)
                .Named("checked").ForEachBatch((batch, time) => { }));
        await page.RunAsync(-1);
        JsonElement failure = (await page.Client.GetFromJsonAsync<JsonElement>("api/jobs/a%20job/batches/1000")).GetProperty("failure");
        Assert.Equal("checked", failure.GetProperty("operator").GetString());
        Assert.Contains("IOException", failure.GetProperty("stack").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stream_WithAViewer_SendsSnapshotThenUpdatesWithStages()
    {
        await using ServedPage page = await ServedPage.OpenAsync();
        await page.RunAsync(1);
        using HttpResponseMessage answer = await page.Client.GetAsync("api/jobs/a%20job/stream", HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType!.MediaType);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync());
        Assert.Equal("event: snapshot", await reader.ReadLineAsync());
        JsonElement first = JsonDocument.Parse((await reader.ReadLineAsync())!["data: ".Length..]).RootElement;
        Assert.Equal(1, first.GetProperty("batches").GetArrayLength());
        Assert.False(first.GetProperty("batches")[0].TryGetProperty("profile", out _));   // nobody looked then
        page.Input.Add([2, 3]);
        await page.Scenario.RunBatchesAsync(1);
        while (true)
        {
            string? line = await reader.ReadLineAsync();
            if (line?.StartsWith("data: ", StringComparison.Ordinal) == true
                && JsonDocument.Parse(line["data: ".Length..]).RootElement.GetProperty("batches") is var batches
                && batches.GetArrayLength() > 0)
            {
                Assert.Equal(2000, batches[0].GetProperty("timeMs").GetInt32());
                Assert.NotEmpty(batches[0].GetProperty("profile").GetProperty("stages").EnumerateArray());
                return;
            }
        }
    }

    [Fact]
    public async Task Graph_AsTextAndMermaid_IsTheContexts()
    {
        await using ServedPage page = await ServedPage.OpenAsync();
        Assert.Equal(page.Scenario.Context.Describe().ToString(), await page.Client.GetStringAsync("api/jobs/a%20job/graph.txt"));
        Assert.StartsWith("flowchart LR", await page.Client.GetStringAsync("api/jobs/a%20job/graph.mmd"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Page_AnyFile_HasAPolicyWithoutInlineScriptAndIsSelfContained()
    {
        await using ServedPage page = await ServedPage.OpenAsync();
        using HttpResponseMessage answer = await page.Client.GetAsync("");
        string policy = answer.Headers.GetValues("Content-Security-Policy").Single();
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        string html = await answer.Content.ReadAsStringAsync();
        string[] named = [.. System.Text.RegularExpressions.Regex.Matches(html, "(?:src|href)=\"(page/[^\"]+)\"")
            .Select(match => match.Groups[1].Value).Distinct()];
        Assert.NotEmpty(named);
        foreach (string file in named.Append("page/uplot/LICENSE.txt"))
        {
            Assert.Equal(HttpStatusCode.OK, (await page.Client.GetAsync(file)).StatusCode);
        }

        Assert.DoesNotContain("http", string.Concat(named), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("page/../../secret")]
    [InlineData("page/%2e%2e/%2e%2e/etc/passwd")]
    [InlineData("page/none.js")]
    [InlineData("api/jobs/other/snapshot")]
    [InlineData("api/jobs/a%20job/batches/5")]
    public async Task Address_ThatIsNone_IsNotFound(string address)
    {
        await using ServedPage page = await ServedPage.OpenAsync();
        Assert.Equal(HttpStatusCode.NotFound, (await page.Client.GetAsync(address)).StatusCode);
    }

    [Theory]
    [InlineData("evil.example", null)]
    [InlineData(null, "203.0.113.9")]
    public async Task Request_UnderAnotherNameOrThroughAProxy_IsRefused(string? host, string? forwardedFor)
    {
        await using ServedPage page = await ServedPage.OpenAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, "api/jobs");
        request.Headers.Host = host;
        if (forwardedFor is not null)
        {
            request.Headers.Add("X-Forwarded-For", forwardedFor);
        }

        using HttpResponseMessage answer = await page.Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        Assert.Contains("DashboardOptions", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false, null, "X-FastStream")]
    [InlineData(true, "http://evil.example", "evil.example")]
    [InlineData(true, null, "ControlPolicy")]
    public async Task Stop_WithoutPolicyHeaderOrFromAnotherPage_IsRefused(bool hasHeader, string? origin, string reason)
    {
        await using ServedPage page = await ServedPage.OpenAsync();
        await page.RunAsync(1);
        using var request = new HttpRequestMessage(HttpMethod.Post, "api/jobs/a%20job/stop");
        if (hasHeader)
        {
            request.Headers.Add("X-FastStream", "1");
        }

        if (origin is not null)
        {
            request.Headers.Add("Origin", origin);
        }

        using HttpResponseMessage answer = await page.Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        Assert.Contains(reason, await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(StreamingContextState.Active, page.Scenario.Context.State);
    }
}
