using System.Diagnostics.CodeAnalysis;
using FastStream;
using FastStream.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds FastStream jobs to a host.</summary>
public static class FastStreamServiceCollectionExtensions
{
    /// <summary>
    /// Adds a job that starts and stops with the host. Its options are named after the job: you can also change them by
    /// <c>services.Configure&lt;StreamingOptions&gt;(name, …)</c>.
    /// </summary>
    /// <example><code>
    /// builder.Services.AddFastStream("orders", builder.Configuration.GetSection("FastStream:Orders"), (context, services) =>
    ///     services.GetRequiredService&lt;OrdersPipeline&gt;().Describe(context)).AddHealthCheck();
    /// </code></example>
    /// <param name="services">The host's services.</param>
    /// <param name="name">The job's name in logs, metrics and health checks; unique in the host.</param>
    /// <param name="configuration">The section of <see cref="StreamingOptions"/> and <see cref="StreamJobOptions"/>;
    /// checked when the host starts.</param>
    /// <param name="describe">Describes streams and outputs; called once, when the host starts.</param>
    /// <exception cref="ArgumentException">The name is blank, or another job has it.</exception>
    public static StreamJobBuilder AddFastStream(
        this IServiceCollection services, string name, IConfiguration configuration, Action<StreamingContext, IServiceProvider> describe)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        StreamJobBuilder builder = services.AddFastStream(name, describe);
        services.AddOptions<StreamingOptions>(name).Bind(configuration);
        services.AddOptions<StreamJobOptions>(name).Bind(configuration);
        return builder;
    }

    /// <summary>Adds a job with default options, or those set by <c>services.Configure&lt;StreamingOptions&gt;(name, …)</c>.</summary>
    /// <inheritdoc cref="AddFastStream(IServiceCollection, string, IConfiguration, Action{StreamingContext, IServiceProvider})"/>
    public static StreamJobBuilder AddFastStream(this IServiceCollection services, string name,
        Action<StreamingContext, IServiceProvider> describe)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(describe);
        if (services.Any(service => service.ServiceType == typeof(StreamJob) && service.ImplementationInstance is null
            && service.ServiceKey is string key && key == name))
        {
            throw new ArgumentException(
                $"A job named \"{name}\" was added already. Logs, metrics and health checks tell jobs apart by name: give each its own.",
                nameof(name));
        }

        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<StreamJobs>();
        services.AddKeyedSingleton(name, (provider, _) => new StreamJob(name, describe, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => provider.GetRequiredKeyedService<StreamJob>(name));
        services.AddSingleton<IHostedService>(
            provider => ActivatorUtilities.CreateInstance<StreamJobService>(provider, provider.GetRequiredKeyedService<StreamJob>(name)));
        var checks = new OptionsChecks(name);
        services.AddSingleton<IValidateOptions<StreamingOptions>>(checks);
        services.AddSingleton<IValidateOptions<StreamJobOptions>>(checks);
        services.AddOptions<StreamJobOptions>(name).ValidateOnStart();
        services.AddOptions<StreamingOptions>(name).Configure<TimeProvider>((options, clock) =>
        {
            options.Name = name;
            options.TimeProvider = clock;
        }).ValidateOnStart();
        return new StreamJobBuilder(services, name);
    }

    /// <summary>Adds a job that is a class; dependency injection makes it.</summary>
    /// <typeparam name="TJob">The class; made once, when the host starts.</typeparam>
    /// <param name="services">The host's services.</param>
    /// <param name="name">The job's name in logs, metrics and health checks; unique in the host.</param>
    /// <param name="configuration">The section of its options; null for defaults.</param>
    /// <exception cref="ArgumentException">The name is blank, or another job has it.</exception>
    public static StreamJobBuilder AddFastStream<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TJob>(
        this IServiceCollection services, string name, IConfiguration? configuration = null)
        where TJob : class, IStreamJob
    {
        ArgumentNullException.ThrowIfNull(services);
        services.TryAddSingleton<TJob>();
        return configuration is null
            ? services.AddFastStream(name, static (context, provider) => provider.GetRequiredService<TJob>().Describe(context))
            : services.AddFastStream(name, configuration,
                static (context, provider) => provider.GetRequiredService<TJob>().Describe(context));
    }
}
