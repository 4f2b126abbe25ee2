namespace FastStream;

/// <summary>What those who run a batch need: one of each for an engine.</summary>
/// <param name="Context">The context whose batches they are.</param>
/// <param name="Graph">Inputs, operators and outputs.</param>
/// <param name="Options">Of the context.</param>
/// <param name="Clock">Of the times that are reported.</param>
/// <param name="Work">Knows what runs.</param>
/// <param name="Watchdog">Warns of a batch that takes too long.</param>
/// <param name="Reporter">Tells how batches went.</param>
/// <param name="Committer">Writes down how batches went.</param>
/// <param name="Abort">The immediate stop.</param>
internal sealed record BatchServices(
    StreamingContext Context,
    Graph Graph,
    StreamingOptions Options,
    StreamingClock Clock,
    WorkInHand Work,
    BatchWatchdog Watchdog,
    BatchReporter Reporter,
    BatchCommitter Committer,
    CancellationToken Abort)
{
    public bool FailsContext => Options.OnBatchFailure == BatchFailurePolicy.FailContext;

    /// <summary>Whether a function ended early because the context stops at once: no reason to fail the context.</summary>
    public bool IsCutShort(Exception? error) => error is OperationCanceledException && Abort.IsCancellationRequested;

    /// <summary>Whether the batch stops the context: then it is not done, and the next start runs it again.</summary>
    public bool StopsContext(JobSet batch) => batch.Failure is not null && (batch.IsCutShort || FailsContext);
}
