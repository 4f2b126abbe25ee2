namespace FastStream.Cli;

/// <summary>
/// Prints at most a line a second on the standard error; the job itself prints on the standard output.
/// </summary>
internal sealed class LineRunView(CommandOutput output, TimeSpan interval) : RunView(interval)
{
    private RunTotals _since = new();
    private DateTimeOffset _lineAt;

    public override void Begin(string job, Uri? dashboard) =>
        output.Errors.WriteLine(
            $"{job} runs, every {Times.Text(Interval)}{(dashboard is null ? "" : $"; its page is at {dashboard}")}. Ctrl-C stops it well.");

    public override void End()
    {
        Line();
        output.Errors.WriteLine(RunText.Sum(Totals, Interval));
    }

    protected override void Show(BatchInfo batch)
    {
        _since.Add(batch);
        DateTimeOffset now = batch.EndedAt ?? batch.SubmittedAt;
        if (now - _lineAt >= TimeSpan.FromSeconds(1))
        {
            Line();
            _lineAt = now;
        }
    }

    protected override void Warn(string message) => output.Errors.WriteLine(message);

    private void Line()
    {
        if (_since.Batches > 0)
        {
            output.Errors.WriteLine(RunText.Line(_since));
            _since = new RunTotals();
        }
    }
}
