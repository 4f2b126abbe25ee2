namespace FastStream.Cli;

/// <summary>
/// Thrown when a command cannot continue for a reason that its user can fix: the tool prints only the message.
/// </summary>
internal sealed class CommandException : Exception
{
    public CommandException(string message, int exitCode = Cli.ExitCode.Usage, Exception? innerException = null)
        : base(message, innerException)
    {
        ExitCode = exitCode;
    }

    /// <summary>The exit code of the process.</summary>
    public int ExitCode { get; }
}
