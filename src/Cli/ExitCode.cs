namespace FastStream.Cli;

/// <summary>What the tool's exit codes mean; docs/guide/cli.md has the same table.</summary>
internal static class ExitCode
{
    /// <summary>The command did what it was asked for.</summary>
    public const int Done = 0;

    /// <summary>The job failed, or something that the command needs did.</summary>
    public const int Failed = 1;

    /// <summary>The command line is wrong, or names something that is not there.</summary>
    public const int Usage = 2;

    /// <summary>
    /// The command ran, and what it looked at is not well: no interval is stable, a checkpoint is damaged, a machine
    /// was too noisy to measure.
    /// </summary>
    public const int Unwell = 3;

    /// <summary>The command was interrupted before its end; what it had is printed.</summary>
    public const int Interrupted = 130;
}
