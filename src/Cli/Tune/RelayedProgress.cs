using System.Text.Json;

namespace FastStream.Cli;

/// <summary>
/// Writes the progress of a child that measures one series, an object a line; <see cref="ReadAsync"/> is the other
/// side.
/// </summary>
internal sealed class RelayedProgress(TextWriter output) : ITuneProgress
{
    public void WarmsUp() => Write(new TuneMessage());

    public void Begins(TimeSpan interval, TimeSpan expected, TimeSpan ahead) =>
        Write(new TuneMessage
            { BeginsMs = interval.TotalMilliseconds, ExpectedMs = expected.TotalMilliseconds, AheadMs = ahead.TotalMilliseconds });

    public void Ends(StepResult step) => Write(new TuneMessage { Step = step });

    /// <summary>Writes the series, as the last object.</summary>
    public void Ends(TuneSeries series) => Write(new TuneMessage { Series = series });

    /// <summary>
    /// Forwards a child's progress, and returns its series; null where the child ended before it had one.
    /// </summary>
    /// <param name="input">The child's standard output.</param>
    /// <param name="progress">Called with its steps.</param>
    public static async Task<TuneSeries?> ReadAsync(TextReader input, ITuneProgress progress)
    {
        TuneSeries? series = null;
        while (await input.ReadLineAsync() is { } line)
        {
            TuneMessage message = JsonSerializer.Deserialize<TuneMessage>(line, JsonText.Lines)!;
            if (message.Step is { } step)
            {
                progress.Ends(step);
            }
            else if (message.BeginsMs is { } begins)
            {
                progress.Begins(TimeSpan.FromMilliseconds(begins), TimeSpan.FromMilliseconds(message.ExpectedMs),
                    TimeSpan.FromMilliseconds(message.AheadMs));
            }
            else if (message.Series is null)
            {
                progress.WarmsUp();
            }

            series = message.Series ?? series;
        }

        return series;
    }

    private void Write(TuneMessage message)
    {
        output.WriteLine(JsonSerializer.Serialize(message, JsonText.Lines));
        output.Flush();
    }

    private sealed record TuneMessage
    {
        public double? BeginsMs { get; init; }

        public double ExpectedMs { get; init; }

        public double AheadMs { get; init; }

        public StepResult? Step { get; init; }

        public TuneSeries? Series { get; init; }
    }
}
