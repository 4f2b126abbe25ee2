using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace FastStream.Hosting;

/// <summary>Configures a job that was added to a host.</summary>
public sealed class StreamJobBuilder
{
    internal StreamJobBuilder(IServiceCollection services, string name)
    {
        Services = services;
        Name = name;
    }

    /// <summary>The host's services.</summary>
    public IServiceCollection Services { get; }

    /// <summary>The job's name.</summary>
    public string Name { get; }

    /// <summary>
    /// Adds two health checks: one with the job's name and the tag <c>ready</c>, and <c>{name}-live</c> with the tag
    /// <c>live</c>, which fails only where a restart would help (the job has failed, or a batch hangs). Thresholds are
    /// in <see cref="StreamJobOptions.Health"/>.
    /// </summary>
    public StreamJobBuilder AddHealthCheck()
    {
        Services.AddHealthChecks()
            .Add(new HealthCheckRegistration(Name, provider => Check(provider, isLiveOnly: false),
                HealthStatus.Unhealthy, ["faststream", "ready"]))
            .Add(new HealthCheckRegistration($"{Name}-live", provider => Check(provider, isLiveOnly: true),
                HealthStatus.Unhealthy, ["faststream", "live"]));
        return this;
    }

    /// <summary>Changes the options of the job's context, after the configuration was bound.</summary>
    public StreamJobBuilder Configure(Action<StreamingOptions> configure)
    {
        Services.PostConfigure(Name, configure);
        return this;
    }

    private StreamJobHealthCheck Check(IServiceProvider provider, bool isLiveOnly) =>
        new(provider.GetRequiredKeyedService<StreamJob>(Name),
            provider.GetRequiredService<IOptionsMonitor<StreamJobOptions>>(), isLiveOnly);
}
