using Spectre.Console;
using Spectre.Console.Rendering;

namespace FastStream.Cli;

/// <summary>Shows the table of steps on a terminal, with the remaining time below it.</summary>
internal sealed class LiveTuneProgress : ITuneProgress, IAsyncDisposable
{
    private static readonly TimeSpan BetweenDrawings = TimeSpan.FromMilliseconds(250);

    private readonly TimeProvider _clock = TimeProvider.System;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new();
    private readonly List<StepResult> _steps = [];
    private readonly Task _drawing;
    private string _doing = "Warming up …";
    private DateTimeOffset _begun;
    private TimeSpan _expected;
    private TimeSpan _ahead;

    public LiveTuneProgress(CommandOutput output) => _drawing = output.Console.Live(Drawing()).AutoClear(true).StartAsync(DrawAsync);

    public void WarmsUp() => Say("Warming up …", TimeSpan.Zero, TimeSpan.Zero);

    public void Begins(TimeSpan interval, TimeSpan expected, TimeSpan ahead) => Say($"Every {Times.Text(interval)}", expected, ahead);

    public void Ends(StepResult step)
    {
        lock (_lock)
        {
            _steps.Add(step);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _drawing;
        _stop.Dispose();
    }

    private void Say(string doing, TimeSpan expected, TimeSpan ahead)
    {
        lock (_lock)
        {
            (_doing, _expected, _ahead, _begun) = (doing, expected, ahead, _clock.GetUtcNow());
        }
    }

    private async Task DrawAsync(LiveDisplayContext context)
    {
        while (!_stop.IsCancellationRequested)
        {
            context.UpdateTarget(Drawing());
            await Task.Delay(BetweenDrawings, _stop.Token).ContinueWith(static _ => { }, TaskScheduler.Default);
        }
    }

    private Rows Drawing()
    {
        lock (_lock)
        {
            TimeSpan gone = _clock.GetUtcNow() - _begun;
            string time = _expected == TimeSpan.Zero
                ? "" : $", {Times.Text(gone)} of {Times.Text(_expected)}; at most "
                + $"{Times.Text(_ahead + (_expected > gone ? _expected - gone : TimeSpan.Zero))} left. Ctrl-C keeps what is there.";
            return new Rows((IRenderable[])[TuneTable.Of(_steps, null), new Text(_doing + time)]);
        }
    }
}
