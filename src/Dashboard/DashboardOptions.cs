namespace FastStream.Dashboard;

/// <summary>Who may view a dashboard, and who may control its jobs.</summary>
/// <remarks>
/// By default the page answers only requests from this machine, under a loopback name, and nobody can change anything.
/// To allow more, set a policy of the application's authorization, or <see cref="AllowAnonymous"/>.
/// </remarks>
public sealed class DashboardOptions
{
    /// <summary>
    /// Name of the authorization policy for viewing; null (default) for loopback only (unless
    /// <see cref="AllowAnonymous"/>).
    /// </summary>
    public string? ReadPolicy { get; set; }

    /// <summary>
    /// Name of the authorization policy for pausing, resuming, checkpoints and stops; null (default): nobody may.
    /// </summary>
    public string? ControlPolicy { get; set; }

    /// <summary>
    /// Whether anybody who reaches the address may view the page; default no. They then see data from the streams:
    /// names, keys, errors.
    /// </summary>
    public bool AllowAnonymous { get; set; }

    /// <summary>
    /// Host names under which the page is served, without port; default <c>localhost</c>, <c>127.0.0.1</c> and
    /// <c>[::1]</c>. This defends against DNS rebinding, where another site's page makes its own name resolve to this
    /// machine. With <see cref="ReadPolicy"/> or <see cref="AllowAnonymous"/> and an empty list, the page is served
    /// under every name.
    /// </summary>
    public IList<string> AllowedHosts { get; } = ["localhost", "127.0.0.1", "[::1]"];

    /// <summary>The most viewers at a time, 1 to 10,000; default 32. A further one gets status 503.</summary>
    public int MaxViewers { get; set; } = 32;

    /// <summary>Number of batches remembered for each job, 10 to 100,000; default 1,000.</summary>
    public int History { get; set; } = 1_000;

    /// <summary>Checks all settings, as the dashboard does.</summary>
    /// <exception cref="ArgumentException">A setting is out of its range; the message says which, what was found and
    /// what is expected.</exception>
    public void Validate()
    {
        Check(MaxViewers is >= 1 and <= 10_000, nameof(MaxViewers), MaxViewers, "1 to 10,000 are expected");
        Check(History is >= 10 and <= 100_000, nameof(History), History, "10 to 100,000 are expected");
    }

    private static void Check(bool valid, string name, object found, string expected)
    {
        if (!valid)
        {
            throw new ArgumentOutOfRangeException(name, found, $"DashboardOptions.{name} is {found}; {expected}.");
        }
    }
}
