namespace FastStream;

/// <summary>Calls back at every multiple of the batch interval on the epoch grid, with the nominal time, on a thread of its own.</summary>
/// <remarks>
/// After a stall the missed ticks come back to back, each once, or only the newest, as the policy says; so do those of
/// a down time that is caught up. The thread is not of the pool: blocked user functions cannot hold the clock up.
/// </remarks>
internal sealed class BatchTimer : IDisposable
{
    // Long waits are for a signal, so that a stop need not wait; the last part is slept exactly.
    private static readonly TimeSpan ExactPart = TimeSpan.FromMilliseconds(30);

    // How often to look again where a provider's timer may be a little late.
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(100);

    private readonly StreamingClock _clock;
    private readonly long _intervalMs;
    private readonly MissedTickPolicy _missed;
    private readonly Action<BatchTime> _onTick;
    private readonly ManualResetEventSlim _wake = new();   // set to stop, or by a provider's timer
    private readonly Thread _thread;
    private readonly long _eachUntilMs;                    // ticks up to this one come each
    private long _nextMs;                                  // the next tick; the timer thread's, and after its end the stopper's
    private volatile bool _stopping;
    // the next tick does not wait for the clock, which is moved instead; the timer thread's
    private bool _goesOn;

    /// <param name="clock">The clock.</param>
    /// <param name="interval">Time between ticks.</param>
    /// <param name="missed">What becomes of ticks that were missed.</param>
    /// <param name="onTick">Gets each tick's time.</param>
    /// <param name="start">Where the ticks begin.</param>
    public BatchTimer(StreamingClock clock, TimeSpan interval, MissedTickPolicy missed, Action<BatchTime> onTick, TickStart start)
    {
        _clock = clock;
        _intervalMs = interval.Ticks / TimeSpan.TicksPerMillisecond;
        _missed = missed;
        _onTick = onTick;
        ZeroTime = start.ZeroTime;
        _eachUntilMs = start.Now.Milliseconds;
        _nextMs = start.After.Floor(interval, ZeroTime).Milliseconds + _intervalMs;
        _thread = new Thread(Run) { IsBackground = true, Name = "FastStream batch timer" };
    }

    /// <summary>One interval before the first tick.</summary>
    public BatchTime ZeroTime { get; }

    /// <summary>The next tick comes at once, and all later ones as much earlier. Before the start, or in a tick.</summary>
    public void GoOn() => _goesOn = true;

    public void Start() => _thread.Start();

    /// <summary>Ends the ticks; after it the tick thread does nothing more. Gives the time of the tick that would have come next.</summary>
    public BatchTime Stop()
    {
        _stopping = true;
        _wake.Set();
        if (_thread.IsAlive && Thread.CurrentThread != _thread)
        {
            _thread.Join();
        }

        return new BatchTime(_nextMs);
    }

    public void Dispose()
    {
        Stop();
        _wake.Dispose();
    }

    private void Run()
    {
        while (true)
        {
            if (_goesOn)
            {
                _goesOn = false;
                _clock.SkipTo(_nextMs);
            }

            WaitUntil(_nextMs);
            if (_stopping)
            {
                return;
            }

            if (_missed == MissedTickPolicy.RunNewest && _nextMs > _eachUntilMs)
            {
                long behind = -_clock.Until(_nextMs).Ticks / (_intervalMs * TimeSpan.TicksPerMillisecond);
                _nextMs += behind * _intervalMs;
            }

            // The next tick is fixed before the call: a stop during the call must see it.
            long tick = _nextMs;
            _nextMs += _intervalMs;
            _onTick(new BatchTime(tick));
        }
    }

    private void WaitUntil(long timeMs)
    {
        bool system = ReferenceEquals(_clock.Provider, TimeProvider.System);
        while (!_stopping)
        {
            TimeSpan left = _clock.Until(timeMs);
            if (left <= TimeSpan.Zero)
            {
                return;
            }

            if (system && left <= ExactPart)
            {
                PreciseSleep.Until(_clock.TimestampAt(timeMs));
            }
            else if (system)
            {
                _wake.Wait(left - (ExactPart / 2));
            }
            else
            {
                WaitForProvider(timeMs, left);
            }
        }
    }

    // A test's clock moves when the test says so: its timer wakes this thread.
    private void WaitForProvider(long timeMs, TimeSpan left)
    {
        _wake.Reset();
        using ITimer timer = _clock.Provider.CreateTimer(
            static state => ((ManualResetEventSlim)state!).Set(), _wake, left, Timeout.InfiniteTimeSpan);

        // A clock that was moved between reading it and making the timer fires it too late, by as much; if it then stands still, never.
        TimeSpan late = left - _clock.Until(timeMs);
        if (!_stopping && late < TimeSpan.FromMilliseconds(1))
        {
            _wake.Wait(late == TimeSpan.Zero ? Timeout.InfiniteTimeSpan : LookAgain);
        }
    }
}
