using System.Net;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace FastStream.Dashboard;

/// <summary>
/// Decides which requests are answered: those from loopback under a loopback name, or those that the application's
/// policies allow.
/// </summary>
internal sealed class AccessFilter(DashboardOptions options)
{
    /// <summary>
    /// A header that no form and no simple request of another site can send: a browser asks this server before it sends
    /// such a request for another site's page.
    /// </summary>
    public const string ControlHeader = "X-FastStream";

    /// <summary>Returns null where the request may view the page, otherwise the reason why not.</summary>
    public async Task<string?> RefusesReadAsync(HttpContext http)
    {
        if (!IsNamedAsAllowed(http.Request.Host.Host))
        {
            return $"The host name \"{http.Request.Host.Host}\" is not among DashboardOptions.AllowedHosts.";
        }

        if (options.ReadPolicy is { } policy)
        {
            return await IsAuthorizedAsync(http, policy).ConfigureAwait(false)
                ? null : "The policy for looking at the dashboard does not let this user pass.";
        }

        return options.AllowAnonymous || IsLocal(http)
            ? null : "The dashboard answers this machine only. Set DashboardOptions.ReadPolicy, or AllowAnonymous, for others.";
    }

    /// <summary>Returns null where the request may change something, otherwise the reason why not.</summary>
    public async Task<string?> RefusesControlAsync(HttpContext http)
    {
        if (await RefusesReadAsync(http).ConfigureAwait(false) is { } refusal)
        {
            return refusal;
        }

        if (!http.Request.Headers.ContainsKey(ControlHeader))
        {
            return $"The request has no header {ControlHeader}.";
        }

        string origin = http.Request.Headers.Origin.ToString();
        if (origin.Length > 0 && origin != $"{http.Request.Scheme}://{http.Request.Host}")
        {
            return $"The request comes from a page of {origin}.";
        }

        return await MayControlAsync(http).ConfigureAwait(false)
            ? null : "No policy lets this user change a job. Set DashboardOptions.ControlPolicy.";
    }

    /// <summary>Whether the user may change something.</summary>
    public async Task<bool> MayControlAsync(HttpContext http) =>
        options.ControlPolicy is { } policy && await IsAuthorizedAsync(http, policy).ConfigureAwait(false);

    private static async Task<bool> IsAuthorizedAsync(HttpContext http, string policy)
    {
        IAuthorizationService service = http.RequestServices.GetService<IAuthorizationService>()
            ?? throw new InvalidOperationException(
                $"The dashboard asks for the policy \"{policy}\", and the application has no authorization. Add it "
                + "by services.AddAuthorization(…).");
        return (await service.AuthorizeAsync(http.User, resource: null, policy).ConfigureAwait(false)).Succeeded;
    }

    // Requests that a proxy on this machine forwards come from elsewhere.
    private static bool IsLocal(HttpContext http) =>
        http.Connection.RemoteIpAddress is { } address && IPAddress.IsLoopback(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address)
        && !http.Request.Headers.ContainsKey("X-Forwarded-For") && !http.Request.Headers.ContainsKey("Forwarded");

    private bool IsNamedAsAllowed(string host) =>
        (options.AllowedHosts.Count == 0 && (options.AllowAnonymous || options.ReadPolicy is not null))
        || options.AllowedHosts.Contains(host, StringComparer.OrdinalIgnoreCase);
}
