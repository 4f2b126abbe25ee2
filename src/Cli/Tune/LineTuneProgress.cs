namespace FastStream.Cli;

/// <summary>Prints a line for each step on the standard error.</summary>
internal sealed class LineTuneProgress(CommandOutput output) : ITuneProgress
{
    public void WarmsUp() => output.Errors.WriteLine("Warming up …");

    public void Begins(TimeSpan interval, TimeSpan expected, TimeSpan ahead) =>
        output.Errors.WriteLine($"{Times.Text(interval),8}  takes {Times.Text(expected)}; at most {Times.Text(expected + ahead)} left");

    public void Ends(StepResult step) => output.Errors.WriteLine(TuneTable.Line(step));
}
