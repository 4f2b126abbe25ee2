namespace FastStream.Cli;

/// <summary>
/// The view that fits where a command writes, while it runs: on a terminal, in lines, or as JSON with everything else
/// on the error output.
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
