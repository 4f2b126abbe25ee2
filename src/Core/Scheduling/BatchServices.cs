namespace FastStream;

/// <summary>The services that run batches; one set for each engine.</summary>
/// <param name="Context">The context that owns the batches.</param>
/// <param name="Graph">Inputs, operators and outputs.</param>
/// <param name="Options">The context's options.</param>
/// <param name="Clock">The clock of the reported times.</param>
/// <param name="Work">Knows the work in progress.</param>
/// <param name="Watchdog">Warns of a batch that takes too long.</param>
/// <param name="Reporter">Reports the outcome of batches.</param>
/// <param name="Committer">Logs the outcome of batches.</param>
/// <param name="Abort">Cancelled by an immediate stop.</param>
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

    /// <summary>Whether the batch stops the context: then it is not committed, and the next start runs it again.</summary>
    public bool StopsContext(JobSet batch) => batch.Failure is not null && (batch.IsCutShort || FailsContext);
}
