namespace FastStream;

/// <summary>
/// The wait before brokers are asked again: 100 ms at first, doubled each time, up to 10 s. Belongs to one loop; not
/// thread safe.
/// </summary>
internal sealed class KafkaRetry
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    private TimeSpan _next = TimeSpan.FromMilliseconds(100);

    /// <summary>Waits; returns early when it is cancelled.</summary>
    public void Wait(CancellationToken cancellation)
    {
        cancellation.WaitHandle.WaitOne(_next);
        _next = TimeSpan.FromTicks(Math.Min(_next.Ticks * 2, Longest.Ticks));
    }
}
