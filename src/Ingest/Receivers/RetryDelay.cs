namespace FastStream;

/// <summary>
/// How long to wait before the next attempt: it doubles after every failure up to a limit, and is shortened at random
/// by up to half, so that many do not come back at once.
/// </summary>
/// <remarks>Belongs to one loop; not thread safe.</remarks>
internal sealed class RetryDelay
{
    private readonly TimeSpan _first;
    private readonly TimeSpan _longest;
    private TimeSpan _next;

    public RetryDelay(TimeSpan first, TimeSpan longest)
    {
        _first = first;
        _longest = longest;
        _next = first;
    }

    /// <summary>Returns the next wait.</summary>
    public TimeSpan Next()
    {
        TimeSpan delay = _next;
        _next = delay * 2 < _longest ? delay * 2 : _longest;
        return delay * (0.5 + (Random.Shared.NextDouble() / 2));
    }

    /// <summary>Call it after a success: the next failure begins with the first delay again.</summary>
    public void Reset() => _next = _first;
}
