using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace FastStream.Dashboard;

/// <summary>
/// Server-Sent Events: a first message with everything recorded, then, several times a second, what is new.
/// </summary>
/// <remarks>
/// Each viewer's loop asks the recorder for what is new; nothing is queued. A viewer that reads slowly gets fewer
/// updates, and its page lacks the batches that the ring dropped meanwhile.
/// </remarks>
internal static class LiveUpdates
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan SlowestRead = TimeSpan.FromSeconds(30);   // a viewer that reads nothing for this long is gone

    public static async Task RunAsync(HttpContext http, DashboardJobs dashboard, JobRecorder job)
    {
        if (!dashboard.TryEnter())
        {
            await Answers.ErrorAsync(http, StatusCodes.Status503ServiceUnavailable,
                $"{dashboard.Options.MaxViewers} viewers are looking, the most that DashboardOptions.MaxViewers allows.")
                    .ConfigureAwait(false);
            return;
        }

        job.AddViewer();
        try
        {
            bool mayControl = await dashboard.Access.MayControlAsync(http).ConfigureAwait(false);
            http.Response.ContentType = "text/event-stream";
            http.Response.Headers.CacheControl = "no-store";
            http.Response.Headers["X-Accel-Buffering"] = "no";
            await SendAsync(http, job, mayControl).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The viewer is gone, or reads too slowly.
        }
        finally
        {
            job.RemoveViewer();
            dashboard.Leave();
        }
    }

    private static async Task SendAsync(HttpContext http, JobRecorder job, bool mayControl)
    {
        long batches = 0;
        long warnings = 0;
        bool isFirst = true;
        using var timer = new PeriodicTimer(Pace, TimeProvider.System);
        do
        {
            UpdateView update = Views.Update(job, mayControl, isFirst, ref batches, ref warnings);
            byte[] json = JsonSerializer.SerializeToUtf8Bytes(update, DashboardJson.Default.UpdateView);
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
            limit.CancelAfter(SlowestRead);
            await http.Response.Body
                .WriteAsync(isFirst ? "event: snapshot\ndata: "u8.ToArray() : "event: update\ndata: "u8.ToArray(), limit.Token)
                    .ConfigureAwait(false);
            await http.Response.Body.WriteAsync(json, limit.Token).ConfigureAwait(false);
            await http.Response.Body.WriteAsync("\n\n"u8.ToArray(), limit.Token).ConfigureAwait(false);
            await http.Response.Body.FlushAsync(limit.Token).ConfigureAwait(false);
            isFirst = false;
        }
        while (await timer.WaitForNextTickAsync(http.RequestAborted).ConfigureAwait(false));
    }
}
