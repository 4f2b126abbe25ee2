namespace FastStream.Tests.Recovery;

/// <summary>Tells when so many batches are done.</summary>
internal sealed class Countdown(int batches) : StreamingListener
{
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _left = batches;

    public Task Reached => _reached.Task;

    public override void OnBatchCompleted(BatchInfo batch)
    {
        if (--_left == 0)
        {
            _reached.TrySetResult();
        }
    }
}
