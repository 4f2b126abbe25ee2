namespace FastStream.Cli;

/// <summary>
/// The view that suits the command's output, while a job runs: a table on a terminal, lines, or JSON with everything
/// else on the standard error.
/// </summary>
internal sealed class ViewScope : IAsyncDisposable
{
    private readonly TextWriter _console = Console.Out;

    public ViewScope(CommandOutput output, TimeSpan interval, bool isJson)
    {
        View = isJson
            ? new JsonRunView(output, interval) : output.IsTerminal ? new LiveRunView(output, interval) : new LineRunView(output, interval);
        if (isJson)
        {
            Console.SetOut(output.Errors);
        }
        else if (!output.IsOfProcess && !output.IsTerminal)
        {
            Console.SetOut(output.Out);
        }
    }

    public RunView View { get; }

    public ValueTask DisposeAsync()
    {
        View.Dispose();
        Console.SetOut(_console);
        return ValueTask.CompletedTask;
    }
}
