namespace FastStream;

public static partial class StreamingContextSources
{
    /// <summary>
    /// Takes the records of an observable as they come. While the stream holds
    /// <see cref="StreamingOptions.MaxBufferedRecords"/>, <c>OnNext</c> blocks its caller's thread: there is no other
    /// way to slow an observable down.
    /// </summary>
    /// <remarks>
    /// When the observable has completed, the stream continues with empty batches. When it reports an error, the policy
    /// for failed batches decides: under <see cref="BatchFailurePolicy.FailContext"/> the records before the error are
    /// in a last batch and the context fails; otherwise listeners are told. A stop ends the subscription.
    /// </remarks>
    /// <example><code>context.ObservableStream(Observable.Interval(TimeSpan.FromMilliseconds(10))).Print();</code></example>
    /// <param name="context">The context.</param>
    /// <param name="records">The observable; subscribed to when the context starts.</param>
    public static DStream<T> ObservableStream<T>(this StreamingContext context, IObservable<T> records)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(records);
        return new ReceiverInputDStream<T>(context, new ObservableReceiver<T>(records), "Observable");
    }
}

internal sealed class ObservableReceiver<T>(IObservable<T> records) : Receiver<T>
{
    protected override async Task RunAsync(CancellationToken stop)
    {
        var observer = new Observer(this, stop);
        IDisposable subscription = observer.SubscribeTo(records);
        try
        {
            await observer.Ended.WaitAsync(stop).ConfigureAwait(false);
        }
        finally
        {
            End(subscription);
        }
    }

    // If a subscription cannot be ended, do not subscribe again: that might give the same records twice.
    private void End(IDisposable subscription)
    {
        try
        {
            subscription.Dispose();
        }
        catch (Exception error)
        {
            Stop($"Ending the subscription failed: {error.Message}", error);
        }
    }

    private sealed class Observer(ObservableReceiver<T> receiver, CancellationToken stop) : IObserver<T>
    {
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _subscribing;   // id of the thread that is subscribing now; otherwise 0

        public Task Ended => _ended.Task;

        public IDisposable SubscribeTo(IObservable<T> records)
        {
            _subscribing = Environment.CurrentManagedThreadId;
            IDisposable subscription = records.Subscribe(this);
            _subscribing = 0;
            return subscription;
        }

        public void OnNext(T value)
        {
            // Some observables push everything before Subscribe returns: there is no subscription to end yet, and only
            // an exception stops them.
            bool isSubscribing = _subscribing == Environment.CurrentManagedThreadId;
            try
            {
                if (isSubscribing)
                {
                    stop.ThrowIfCancellationRequested();
                }

                ValueTask storing = receiver.Supervisor.HandOverAsync(value, stop);
                if (!storing.IsCompletedSuccessfully)
                {
                    storing.AsTask().GetAwaiter().GetResult();
                }
            }
            catch (OperationCanceledException)
            {
                // The stream ended before there was room for the record: nobody takes it any more.
                receiver.Supervisor.CountDropped();
                if (isSubscribing)
                {
                    throw;
                }
            }
        }

        public void OnError(Exception error)
        {
            receiver.Stop($"The observable failed: {error.Message}", error);
            _ended.TrySetResult();
        }

        public void OnCompleted() => _ended.TrySetResult();
    }
}
