namespace FastStream.Cli;

/// <summary>
/// A distribution of times in constant memory, with a percentile error of at most 3 %. After Gil Tene's HdrHistogram.
/// Not thread safe.
/// </summary>
/// <remarks>Times below 64 µs are exact; each doubling above has 32 steps.</remarks>
internal sealed class Histogram
{
    private const int StepBits = 5;
    private const int Steps = 1 << StepBits;

    private readonly long[] _counts = new long[Steps * (64 - StepBits)];
    private long _largest;

    /// <summary>Number of times added.</summary>
    public long Count { get; private set; }

    /// <summary>The largest time, exact; 0 when empty.</summary>
    public TimeSpan Largest => TimeSpan.FromMicroseconds(_largest);

    /// <summary>Adds a time once or several times; a negative time counts as 0.</summary>
    public void Add(TimeSpan time, long count = 1)
    {
        long microseconds = Math.Max(0, time.Ticks / TimeSpan.TicksPerMicrosecond);
        _counts[IndexOf(microseconds)] += count;
        _largest = Math.Max(_largest, microseconds);
        Count += count;
    }

    /// <summary>Returns the time that a part (0 to 1) of all times do not exceed; 0 when empty.</summary>
    public TimeSpan Percentile(double part)
    {
        long wanted = Math.Max(1, (long)Math.Ceiling(Count * part));
        long seen = 0;
        for (int index = 0; index < _counts.Length; index++)
        {
            seen += _counts[index];
            if (_counts[index] > 0 && seen >= wanted)
            {
                return TimeSpan.FromMicroseconds(Math.Min(_largest, UpperOf(index)));
            }
        }

        return TimeSpan.Zero;
    }

    /// <summary>Returns the steps that are not empty: the upper time of each, and its count.</summary>
    public IEnumerable<(TimeSpan UpTo, long Count)> Filled()
    {
        for (int index = 0; index < _counts.Length; index++)
        {
            if (_counts[index] > 0)
            {
                yield return (TimeSpan.FromMicroseconds(UpperOf(index)), _counts[index]);
            }
        }
    }

    private static int IndexOf(long value)
    {
        int shift = Math.Max(0, 64 - StepBits - 1 - System.Numerics.BitOperations.LeadingZeroCount((ulong)value));
        return (shift * Steps) + (int)(value >> shift);
    }

    // In steps of a shift above 0 the leading bit is set, so the steps without it are never used.
    private static long UpperOf(int index)
    {
        int shift = Math.Max(0, (index / Steps) - 1);
        return index < 2 * Steps ? index : (((long)index - (shift * Steps) + 1) << shift) - 1;
    }
}
