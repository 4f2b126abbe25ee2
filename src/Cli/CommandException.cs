namespace FastStream.Cli;

/// <summary>A command cannot go on, for a reason that its user can mend: the message is all that is printed.</summary>
internal sealed class CommandException : Exception
{
    public CommandException(string message, int exitCode = Cli.ExitCode.Usage, Exception? innerException = null)
        : base(message, innerException)
    {
        ExitCode = exitCode;
    }

    /// <summary>What the process ends with.</summary>
    public int ExitCode { get; }
}
