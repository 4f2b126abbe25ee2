using FastStream;
using FastStream.Dashboard;
using FastStream.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Microsoft.AspNetCore.Builder;

/// <summary>The dashboard in an ASP.NET Core application.</summary>
public static class FastStreamDashboardExtensions
{
    /// <summary>
    /// Serves a live page of all jobs of the host, and its data as JSON below <c>api/</c>. By default it serves this
    /// machine only and has no controls: see <see cref="DashboardOptions"/>.
    /// </summary>
    /// <example><code>app.MapFastStream("/faststream");</code></example>
    /// <param name="endpoints">The application.</param>
    /// <param name="prefix">Path below which the page is served; default <c>/faststream</c>.</param>
    /// <param name="configure">Changes who may view the page and who may control jobs.</param>
    /// <returns>The endpoints, to which the application can add conventions.</returns>
    /// <exception cref="InvalidOperationException">The host has no jobs: <c>services.AddFastStream</c> was not called.</exception>
    public static IEndpointConventionBuilder MapFastStream(this IEndpointRouteBuilder endpoints,
        string prefix = "/faststream", Action<DashboardOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(prefix);
        var options = new DashboardOptions();
        configure?.Invoke(options);
        options.Validate();
        StreamJobs jobs = endpoints.ServiceProvider.GetService<StreamJobs>()
            ?? throw new InvalidOperationException(
                "The application has no FastStream jobs to show. Add one by services.AddFastStream(name, …).");
        var dashboard = new DashboardJobs(options);
        dashboard.AddAll(jobs);
        RouteGroupBuilder group = endpoints.MapGroup(prefix);
        Api.Map(group, dashboard);
        return group;
    }
}
