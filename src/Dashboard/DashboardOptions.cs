namespace FastStream.Dashboard;

/// <summary>Who may look at a dashboard, and who may do something.</summary>
/// <remarks>
/// As it is, the page answers requests of this machine only, by a loopback name, and nobody can change anything.
/// Anything else must be asked for here: a policy of the application's authorization, or <see cref="AllowAnonymous"/>.
/// </remarks>
public sealed class DashboardOptions
{
    /// <summary>
    /// Name of the authorization policy for looking; null, the default, for loopback only (unless
    /// <see cref="AllowAnonymous"/>).
    /// </summary>
    public string? ReadPolicy { get; set; }

    /// <summary>Name of the authorization policy for pausing, resuming, checkpoints and stops; null, the default: nobody may.</summary>
    public string? ControlPolicy { get; set; }

    /// <summary>
    /// Whether anybody who reaches the address may look; default no. What passes through the streams is shown to them:
    /// names, keys, errors.
    /// </summary>
    public bool AllowAnonymous { get; set; }

    /// <summary>
    /// Host names under which the page is served, without port; default <c>localhost</c>, <c>127.0.0.1</c> and
    /// <c>[::1]</c>. A page of somebody else's that makes its own name point to this machine
    /// (DNS rebinding) is refused by it. With <see cref="ReadPolicy"/> or <see cref="AllowAnonymous"/> and an empty
    /// list, every name is served.
    /// </summary>
    public IList<string> AllowedHosts { get; } = ["localhost", "127.0.0.1", "[::1]"];

    /// <summary>The most viewers at a time, 1 to 10,000; default 32. One more is answered with 503.</summary>
    public int MaxViewers { get; set; } = 32;

    /// <summary>Batches that are remembered for each job, 10 to 100,000; default 1,000.</summary>
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
