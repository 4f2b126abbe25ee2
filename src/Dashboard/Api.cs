using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace FastStream.Dashboard;

/// <summary>The page and its data, below a prefix: what <c>docs/guide/dashboard.md</c> lists.</summary>
internal static class Api
{
    public static void Map(RouteGroupBuilder group, DashboardJobs dashboard)
    {
        group.MapGet("/", Read(dashboard, http =>
        {
            // The page's own addresses are relative to its folder: without the slash they would point above it.
            if (http.Request.Path.Value is { } path && !path.EndsWith('/'))
            {
                http.Response.Redirect($"{http.Request.PathBase}{path}/");
                return Task.CompletedTask;
            }

            return PageFiles.SendAsync(http, "index.html");
        }));
        group.MapGet("/page/{**name}", Read(dashboard, http => PageFiles.SendAsync(http, (string?)http.GetRouteValue("name") ?? "")));
        group.MapGet("/api/jobs", Read(dashboard, async http =>
        {
            bool mayControl = await dashboard.Access.MayControlAsync(http).ConfigureAwait(false);
            await Answers.JsonAsync(http, [.. dashboard.Jobs.Select(job => Views.Job(job, mayControl))],
                DashboardJson.Default.IReadOnlyListJobView).ConfigureAwait(false);
        }));
        group.MapGet("/api/jobs/{job}/snapshot", OfJob(dashboard, async (http, job) =>
        {
            long batches = 0;
            long warnings = 0;
            bool mayControl = await dashboard.Access.MayControlAsync(http).ConfigureAwait(false);
            await Answers.JsonAsync(http, Views.Update(job, mayControl, isFirst: true, ref batches, ref warnings),
                DashboardJson.Default.UpdateView).ConfigureAwait(false);
        }));
        group.MapGet("/api/jobs/{job}/stream", OfJob(dashboard, (http, job) => LiveUpdates.RunAsync(http, dashboard, job)));
        group.MapGet("/api/jobs/{job}/batches/{time:long}", OfJob(dashboard, (http, job) =>
            job.Batch(new BatchTime(
                long.Parse((string)http.GetRouteValue("time")!, System.Globalization.CultureInfo.InvariantCulture))) is { } batch
                ? Answers.JsonAsync(http, Views.Batch(batch), DashboardJson.Default.BatchView)
                : Answers.ErrorAsync(http, StatusCodes.Status404NotFound,
                    $"The batch is not among the last {dashboard.Options.History}.")));
        group.MapGet("/api/jobs/{job}/graph",
            OfJob(dashboard, (http, job) => Answers.JsonAsync(http, Views.Graph(job.Context.Describe()), DashboardJson.Default.GraphView)));
        group.MapGet("/api/jobs/{job}/graph.txt",
            OfJob(dashboard, (http, job) => Answers.TextAsync(http, job.Context.Describe().ToString())));
        group.MapGet("/api/jobs/{job}/graph.mmd",
            OfJob(dashboard, (http, job) => Answers.TextAsync(http, job.Context.Describe().ToMermaid())));
        group.MapPost("/api/jobs/{job}/stop", Control(dashboard, (http, job) =>
        {
            _ = job.Context.StopAsync(StopMode.Graceful);
            return Answers.JsonAsync(http, [Views.Job(job, mayControl: true)], DashboardJson.Default.IReadOnlyListJobView);
        }));
    }

    private static RequestDelegate Read(DashboardJobs dashboard, Func<HttpContext, Task> answer) => async http =>
    {
        Answers.SetHeaders(http);
        if (await dashboard.Access.RefusesReadAsync(http).ConfigureAwait(false) is { } refusal)
        {
            await Answers.ErrorAsync(http, StatusCodes.Status403Forbidden, refusal).ConfigureAwait(false);
            return;
        }

        await answer(http).ConfigureAwait(false);
    };

    private static RequestDelegate OfJob(DashboardJobs dashboard, Func<HttpContext, JobRecorder, Task> answer) =>
        Read(dashboard, http => WithJobAsync(dashboard, http, answer));

    private static RequestDelegate Control(DashboardJobs dashboard, Func<HttpContext, JobRecorder, Task> answer) => async http =>
    {
        Answers.SetHeaders(http);
        if (await dashboard.Access.RefusesControlAsync(http).ConfigureAwait(false) is { } refusal)
        {
            await Answers.ErrorAsync(http, StatusCodes.Status403Forbidden, refusal).ConfigureAwait(false);
            return;
        }

        await WithJobAsync(dashboard, http, answer).ConfigureAwait(false);
    };

    private static Task WithJobAsync(DashboardJobs dashboard, HttpContext http, Func<HttpContext, JobRecorder, Task> answer) =>
        dashboard.Find((string?)http.GetRouteValue("job") ?? "") is { } job
            ? answer(http, job)
            : Answers.ErrorAsync(http, StatusCodes.Status404NotFound,
                $"No job of that name; there are: {string.Join(", ", dashboard.Jobs.Select(each => each.Name))}.");
}
