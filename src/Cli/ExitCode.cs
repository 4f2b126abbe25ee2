namespace FastStream.Cli;

/// <summary>The tool's exit codes; docs/guide/cli.md has the same table.</summary>
internal static class ExitCode
{
    /// <summary>The command succeeded.</summary>
    public const int Done = 0;

    /// <summary>The job failed, or something that the command needs failed.</summary>
    public const int Failed = 1;

    /// <summary>The command line is wrong, or names something that does not exist.</summary>
    public const int Usage = 2;

    /// <summary>
    /// The command ran and found a problem: no interval is stable, a checkpoint is damaged, or the machine was too
    /// noisy to measure.
    /// </summary>
    public const int Unwell = 3;

    /// <summary>The command was interrupted; it has printed its results so far.</summary>
    public const int Interrupted = 130;
}
