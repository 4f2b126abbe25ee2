namespace FastStream;

/// <summary>What an operator keeps over batches. A batch changes it for good only when it is known not to run again.</summary>
/// <remarks>
/// A run of a batch leaves its changes beside what was there, so that the same batch can run again, or be given up, as if it had never begun:
/// <code>
/// OnBatch … OnBatchEnd   the changes of this batch are held apart (or can be undone)
///   Commit               they count from now on; the next batch sees them
///   Reset                they are dropped
/// </code>
/// <see cref="Commit"/> is called for one operator after the other while nothing else runs: it only marks, and the work is done when the partition runs next.
/// </remarks>
internal interface IBatchState : IDisposable
{
    /// <summary>The batch that ran last is final. Called between batches.</summary>
    void Commit();
}
