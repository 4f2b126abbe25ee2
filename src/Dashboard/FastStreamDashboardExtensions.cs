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
    /// Serves a live page of all jobs of the host, and its data as JSON below <c>api/</c>. As it is, for this machine
    /// only and without controls: see <see cref="DashboardOptions"/>.
    /// </summary>
    /// <example><code>app.MapFastStream("/faststream");</code></example>
    /// <param name="endpoints">The application.</param>
    /// <param name="prefix">Path below which the page is served; default <c>/faststream</c>.</param>
    /// <param name="configure">Changes who may look and who may do something.</param>
    /// <returns>The endpoints, for conventions of the application's own.</returns>
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
