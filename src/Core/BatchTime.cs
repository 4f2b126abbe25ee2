using System.Diagnostics;

namespace FastStream;

/// <summary>
/// A batch's logical time: whole milliseconds since the Unix epoch, on the grid of the batch interval.
/// It is the identity of a batch: outputs use it to write each batch once.
/// </summary>
/// <remarks>
/// The counterpart of Spark Streaming's <c>Time</c> (https://spark.apache.org/docs/latest/streaming-programming-guide.html).
/// Durations are <see cref="TimeSpan"/>; parts below a millisecond are refused. Immutable and safe for any thread.
/// </remarks>
/// <param name="Milliseconds">Milliseconds since 1970-01-01T00:00:00Z; may be negative.</param>
[DebuggerDisplay("{ToDateTimeOffset()} ({Milliseconds} ms)")]
public readonly record struct BatchTime(long Milliseconds) : IComparable<BatchTime>
{
    /// <summary>The batch time of a wall clock reading, cut to whole milliseconds.</summary>
    public static BatchTime From(DateTimeOffset time) => new(time.ToUnixTimeMilliseconds());

    /// <summary>This time as a wall clock reading in UTC.</summary>
    public DateTimeOffset ToDateTimeOffset() => DateTimeOffset.FromUnixTimeMilliseconds(Milliseconds);

    /// <summary>
    /// The greatest multiple of <paramref name="step"/> not after this time (times before the epoch round towards it,
    /// as in Spark).
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="step"/> is not a positive number of whole milliseconds.</exception>
    public BatchTime Floor(TimeSpan step) => Floor(step, default);

    /// <summary>
    /// The greatest <paramref name="zero"/> + n·<paramref name="step"/> not after this time; a time below zero rounds
    /// up to it.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="step"/> is not a positive number of whole milliseconds.</exception>
    public BatchTime Floor(TimeSpan step, BatchTime zero)
    {
        long stepMs = WholeMilliseconds(step, nameof(step));
        return new BatchTime(((Milliseconds - zero.Milliseconds) / stepMs * stepMs) + zero.Milliseconds);
    }

    /// <summary>
    /// Whether this time is <paramref name="zero"/> + n·<paramref name="step"/> for an n of at least 1: a time at which
    /// a stream with that slide makes a batch.
    /// </summary>
    public bool IsValid(TimeSpan step, BatchTime zero) =>
        Milliseconds > zero.Milliseconds && (Milliseconds - zero.Milliseconds) % WholeMilliseconds(step, nameof(step)) == 0;

    /// <summary>The times from this one, a step apart, up to but excluding <paramref name="end"/>.</summary>
    public IEnumerable<BatchTime> Until(BatchTime end, TimeSpan step)
    {
        long stepMs = WholeMilliseconds(step, nameof(step));
        return Steps(end.Milliseconds - 1, stepMs);
    }

    /// <summary>
    /// The times from this one, a step apart, up to and including <paramref name="end"/> if a step ends exactly there.
    /// </summary>
    public IEnumerable<BatchTime> To(BatchTime end, TimeSpan step)
    {
        long stepMs = WholeMilliseconds(step, nameof(step));
        return Steps(end.Milliseconds, stepMs);
    }

    private IEnumerable<BatchTime> Steps(long last, long stepMs)
    {
        for (long time = Milliseconds; time <= last; time += stepMs)
        {
            yield return new BatchTime(time);
        }
    }

    /// <summary>The time a duration later.</summary>
    public BatchTime Add(TimeSpan duration) => new(Milliseconds + (duration.Ticks / TimeSpan.TicksPerMillisecond));

    /// <summary>The time a duration earlier.</summary>
    public BatchTime Subtract(TimeSpan duration) => new(Milliseconds - (duration.Ticks / TimeSpan.TicksPerMillisecond));

    /// <summary>The duration since an earlier time.</summary>
    public TimeSpan Subtract(BatchTime earlier) => TimeSpan.FromMilliseconds(Milliseconds - earlier.Milliseconds);

    /// <inheritdoc/>
    public int CompareTo(BatchTime other) => Milliseconds.CompareTo(other.Milliseconds);

    /// <summary>The time as Spark prints it: <c>1700000000000 ms</c>.</summary>
    public override string ToString() => $"{Milliseconds} ms";

    /// <summary>The time a duration later.</summary>
    public static BatchTime operator +(BatchTime time, TimeSpan duration) => time.Add(duration);

    /// <summary>The time a duration earlier.</summary>
    public static BatchTime operator -(BatchTime time, TimeSpan duration) => time.Subtract(duration);

    /// <summary>The duration between two times.</summary>
    public static TimeSpan operator -(BatchTime later, BatchTime earlier) => later.Subtract(earlier);

    /// <summary>Whether the left time is earlier.</summary>
    public static bool operator <(BatchTime left, BatchTime right) => left.Milliseconds < right.Milliseconds;

    /// <summary>Whether the left time is later.</summary>
    public static bool operator >(BatchTime left, BatchTime right) => left.Milliseconds > right.Milliseconds;

    /// <summary>Whether the left time is earlier or the same.</summary>
    public static bool operator <=(BatchTime left, BatchTime right) => left.Milliseconds <= right.Milliseconds;

    /// <summary>Whether the left time is later or the same.</summary>
    public static bool operator >=(BatchTime left, BatchTime right) => left.Milliseconds >= right.Milliseconds;

    /// <summary>A duration in whole milliseconds; throws unless it is a positive whole number of them.</summary>
    internal static long WholeMilliseconds(TimeSpan duration, string parameter)
    {
        if (duration <= TimeSpan.Zero || duration.Ticks % TimeSpan.TicksPerMillisecond != 0)
        {
            throw Throw.DurationNotWholeMilliseconds(duration, parameter);
        }

        return duration.Ticks / TimeSpan.TicksPerMillisecond;
    }
}
