using System.Diagnostics.Tracing;

namespace FastStream.Cli;

/// <summary>
/// Records how long the garbage collector stops the process, pause by pause, and how much is allocated, since the last
/// <see cref="Reset"/>.
/// </summary>
internal sealed class PauseRecorder : EventListener
{
    private const EventKeywords Collections = (EventKeywords)1;
    private const int SuspendBegins = 9;
    private const int RestartEnds = 3;

    private readonly Lock _lock = new();
    private DateTime _suspendedAt;
    private Histogram _pauses = new();
    private TimeSpan _pausedBefore;
    private long _allocatedBefore;
    private int[] _countsBefore = new int[3];

    public PauseRecorder() => Reset();

    /// <summary>Begins again from zero.</summary>
    public void Reset()
    {
        lock (_lock)
        {
            _pauses = new Histogram();
        }

        _pausedBefore = GC.GetTotalPauseDuration();
        _allocatedBefore = GC.GetTotalAllocatedBytes();
        _countsBefore = [GC.CollectionCount(0), GC.CollectionCount(1), GC.CollectionCount(2)];
    }

    /// <summary>Returns the numbers since the last reset.</summary>
    public PauseNumbers Read()
    {
        lock (_lock)
        {
            return new PauseNumbers(
                _pauses.Count,
                GC.CollectionCount(0) - _countsBefore[0],
                GC.CollectionCount(2) - _countsBefore[2],
                GC.GetTotalPauseDuration() - _pausedBefore,
                _pauses.Percentile(0.5),
                _pauses.Percentile(0.99),
                _pauses.Largest,
                GC.GetTotalAllocatedBytes() - _allocatedBefore);
        }
    }

    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (eventSource.Name == "Microsoft-Windows-DotNETRuntime")
        {
            EnableEvents(eventSource, EventLevel.Informational, Collections);
        }
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        if (eventData.EventId == SuspendBegins && eventData.Payload is [uint reason, ..] && reason is 1 or 6)
        {
            _suspendedAt = eventData.TimeStamp;   // for a collection or its preparation; the runtime's events come in order
        }
        else if (eventData.EventId == RestartEnds && _suspendedAt != default)
        {
            lock (_lock)
            {
                _pauses.Add(eventData.TimeStamp - _suspendedAt);
            }

            _suspendedAt = default;
        }
    }
}

/// <summary>What the collector did.</summary>
internal sealed record PauseNumbers(
    long Pauses, int Collections, int FullCollections, TimeSpan Total, TimeSpan Median, TimeSpan Percentile99,
    TimeSpan Longest, long AllocatedBytes);
