using FastStream.Dashboard;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace FastStream;

/// <summary>The dashboard for a program without a web server.</summary>
public static class DashboardContextExtensions
{
    /// <summary>Serves a live page of the context on this machine, until the returned server is disposed.</summary>
    /// <example><code>await using DashboardServer dashboard = await context.UseDashboardAsync(port: 4040);</code></example>
    /// <param name="context">The context; before or after its start.</param>
    /// <param name="port">A port of the loopback addresses; 0 for any free one.</param>
    /// <exception cref="IOException">The port is in use.</exception>
    public static async Task<DashboardServer> UseDashboardAsync(this StreamingContext context, int port = 4040)
    {
        ArgumentNullException.ThrowIfNull(context);
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxConcurrentConnections = 256;
            kestrel.Listen(System.Net.IPAddress.Loopback, port);
        });
        WebApplication app = builder.Build();
        var dashboard = new DashboardJobs(new DashboardOptions());
        dashboard.Add(context, context.Options.Name);
        Api.Map(app.MapGroup(""), dashboard);
        await app.StartAsync().ConfigureAwait(false);
        string address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        return new DashboardServer(app, new Uri(address));
    }
}

/// <summary>A running dashboard; <see cref="DisposeAsync"/> ends it.</summary>
public sealed class DashboardServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    internal DashboardServer(WebApplication app, Uri address)
    {
        _app = app;
        Address = address;
    }

    /// <summary>The address of the page, such as <c>http://127.0.0.1:4040/</c>.</summary>
    public Uri Address { get; }

    /// <summary>Ends the dashboard and closes viewers' connections.</summary>
    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
