namespace FastStream.Cli;

/// <summary>Shows a run in progress. Its methods are called one at a time.</summary>
internal abstract class RunView(TimeSpan interval) : StreamingListener, IDisposable
{
    protected TimeSpan Interval { get; } = interval;

    /// <summary>The sums of the whole run.</summary>
    protected RunTotals Totals { get; } = new();

    public override void OnBatchCompleted(BatchInfo batch)
    {
        Totals.Add(batch);
        Show(batch);
    }

    public override void OnReceiverError(ReceiverInfo receiver) => Warn($"{receiver.Name}: {receiver.LastErrorMessage}");

    public override void OnWarning(string message, Exception? error) => Warn(message);

    /// <summary>Shows that the job runs, and the address of its page if it has one.</summary>
    public abstract void Begin(string job, Uri? dashboard);

    /// <summary>Shows the end of the run; called last.</summary>
    public abstract void End();

    public virtual void Dispose() => GC.SuppressFinalize(this);

    protected abstract void Show(BatchInfo batch);

    protected abstract void Warn(string message);
}
