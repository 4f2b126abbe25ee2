using Spectre.Console;

namespace FastStream.Cli;

/// <summary>Where a command writes: results to <see cref="Out"/>, progress and errors to <see cref="Errors"/>.</summary>
/// <param name="output">Receives results.</param>
/// <param name="errors">Receives progress and errors.</param>
/// <param name="isTerminal">Whether both are terminals: only then are there tables, colours and live views.</param>
internal sealed class CommandOutput(TextWriter output, TextWriter errors, bool isTerminal)
{
    private IAnsiConsole? _console;

    public TextWriter Out { get; } = TextWriter.Synchronized(output);

    public TextWriter Errors { get; } = TextWriter.Synchronized(errors);

    public bool IsTerminal { get; } = isTerminal;

    /// <summary>Whether this is the process's own output: a child that inherits it prints to the same place.</summary>
    public bool IsOfProcess { get; private init; }

    /// <summary>The console for tables and live views; without a terminal it has no colours and 120 columns.</summary>
    public IAnsiConsole Console => _console ??= MakeConsole();

    public static CommandOutput OfProcess() =>
        new(System.Console.Out, System.Console.Error, !System.Console.IsOutputRedirected && !System.Console.IsErrorRedirected)
            { IsOfProcess = true };

    private IAnsiConsole MakeConsole()
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = IsTerminal ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = IsTerminal ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = IsTerminal ? InteractionSupport.Detect : InteractionSupport.No,
            Out = new AnsiConsoleOutput(IsTerminal ? output : Out),
        });
        if (!IsTerminal)
        {
            console.Profile.Width = 120;
        }

        return console;
    }
}
