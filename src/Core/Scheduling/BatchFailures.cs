namespace FastStream;

/// <summary>What the scheduler says of batches that an earlier run decided on.</summary>
internal static class BatchFailures
{
    /// <summary>A batch that runs for the states only has failed.</summary>
    /// <remarks>
    /// The batch is in what outputs have shown: states without it would be other ones, and nobody would be told, as its
    /// own run has reported it.
    /// </remarks>
    public static StreamingException NotRebuilt(StreamingException failure) => new(
        failure,
        "The states count the batch since an earlier run, and it ran again to rebuild them after the last "
            + "checkpoint. Without it they would be other than what was put out, so the context stops, "
        + "whatever OnBatchFailure says. Nothing in the checkpoint directory has changed: mend the cause (a "
            + "function that refuses data it took before, a file that is gone) and start again, "
        + "or begin anew with another checkpoint directory.");

    /// <summary>An earlier run has given the batch up.</summary>
    public static StreamingException GivenUp(BatchTime time) =>
        new($"Batch {time} was given up by an earlier run, in which it failed. Its data are in no window and no state.");
}
