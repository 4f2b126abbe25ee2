namespace FastStream.Cli;

/// <summary>
/// Chooses the next interval to try: halves it while it is stable, then searches between the last stable and the first
/// unstable one.
/// </summary>
/// <param name="from">The first interval.</param>
/// <param name="least">The shortest interval to try: 1 ms or more.</param>
/// <param name="refinements">The most intervals to try between the two.</param>
internal sealed class IntervalSearch(TimeSpan from, TimeSpan least, int refinements)
{
    private const double CloseEnough = 1.15;

    private TimeSpan? _stable;
    private TimeSpan? _unstable;
    private int _refined;

    /// <summary>Returns the next interval; null where the search is finished.</summary>
    public TimeSpan? Next()
    {
        if (_stable is not { } stable)
        {
            return _unstable is null ? from : null;
        }

        if (_unstable is not { } unstable)
        {
            return stable <= least ? null : Larger(Whole(stable / 2), least);
        }

        TimeSpan between = Whole(TimeSpan.FromMilliseconds(Math.Sqrt(stable.TotalMilliseconds * unstable.TotalMilliseconds)));
        return _refined >= refinements || stable / unstable < CloseEnough || between <= unstable || between >= stable ? null : between;
    }

    /// <summary>Adds the result of a step at <see cref="Next"/>.</summary>
    public void Add(TimeSpan interval, bool isStable)
    {
        _refined += _unstable is null ? 0 : 1;
        if (isStable)
        {
            _stable = interval;
        }
        else
        {
            _unstable = interval;
        }
    }

    /// <summary>
    /// Returns the most intervals that may still be tried: all down to the shortest, if all of them are stable, and the
    /// refinements.
    /// </summary>
    public IEnumerable<TimeSpan> Ahead()
    {
        TimeSpan interval = Next() ?? TimeSpan.Zero;
        if (interval == TimeSpan.Zero)
        {
            yield break;
        }

        if (_unstable is null)
        {
            for (; interval > least; interval = Larger(Whole(interval / 2), least))
            {
                yield return interval;
            }

            yield return least;
            yield break;
        }

        for (int left = _refined; left < refinements; left++)
        {
            yield return interval;
        }
    }

    private static TimeSpan Whole(TimeSpan interval) => TimeSpan.FromMilliseconds(Math.Max(1, Math.Round(interval.TotalMilliseconds)));

    private static TimeSpan Larger(TimeSpan first, TimeSpan second) => first > second ? first : second;
}
