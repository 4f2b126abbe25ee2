namespace FastStream;

/// <summary>
/// Calls back at every multiple of the batch interval since the epoch, with the nominal time, on a thread of its own.
/// </summary>
/// <remarks>
/// After a stall, the missed ticks follow back to back, each once, or only the newest, according to the policy; so do
/// the ticks of a downtime that is caught up. The thread does not belong to the pool, so that blocked user functions
/// cannot delay the clock.
/// </remarks>
internal sealed class BatchTimer : IDisposable
{
    // A long wait is for a signal, so that a stop need not wait; the last part is an exact sleep.
    private static readonly TimeSpan ExactPart = TimeSpan.FromMilliseconds(30);

    // How often to check again where a provider's timer may be a little late.
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(100);

    private readonly StreamingClock _clock;
    private readonly long _intervalMs;
    private readonly MissedTickPolicy _missed;
    private readonly Action<BatchTime> _onTick;
    private readonly ManualResetEventSlim _wake = new();   // set to stop, or by a provider's timer
    private readonly Thread _thread;
    private readonly long _eachUntilMs;                    // every tick up to this one is called
    private long _nextMs;                                  // the next tick; for the timer thread, and after its end for the stopping thread
    private volatile bool _stopping;
    // the next tick does not wait for the clock, which is moved instead; used by the timer thread only
    private bool _goesOn;

    /// <param name="clock">The clock.</param>
    /// <param name="interval">Time between ticks.</param>
    /// <param name="missed">The policy for missed ticks.</param>
    /// <param name="onTick">Receives each tick's time.</param>
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

    /// <summary>
    /// Makes the next tick come at once, and all later ones earlier by the same amount. Call it before the start, or in
    /// a tick.
    /// </summary>
    public void GoOn() => _goesOn = true;

    public void Start() => _thread.Start();

    /// <summary>
    /// Ends the ticks; the tick thread does nothing more after it. Returns the time of the next tick that would have
    /// come.
    /// </summary>
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

    // A test moves its clock itself: the clock's timer wakes this thread.
    private void WaitForProvider(long timeMs, TimeSpan left)
    {
        _wake.Reset();
        using ITimer timer = _clock.Provider.CreateTimer(
            static state => ((ManualResetEventSlim)state!).Set(), _wake, left, Timeout.InfiniteTimeSpan);

        // If the clock was moved between reading it and creating the timer, the timer fires too late by that amount; if
        // the clock then stands still, never.
        TimeSpan late = left - _clock.Until(timeMs);
        if (!_stopping && late < TimeSpan.FromMilliseconds(1))
        {
            _wake.Wait(late == TimeSpan.Zero ? Timeout.InfiniteTimeSpan : LookAgain);
        }
    }
}
