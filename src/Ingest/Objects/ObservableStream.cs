namespace FastStream;

public static partial class StreamingContextSources
{
    /// <summary>
    /// Takes the records of an observable as they come. When <see cref="StreamingOptions.MaxBufferedRecords"/> are
    /// held, <c>OnNext</c> waits on its caller's thread: observables have no other way to be slowed down.
    /// </summary>
    /// <remarks>
    /// After its completion the stream goes on with empty batches; after its error, the policy for failed batches decides:
    /// under <see cref="BatchFailurePolicy.FailContext"/> what came before it goes through a last batch and the context
    /// fails, else listeners hear of it. A stop ends the subscription.
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

    // A subscription that cannot be ended is no reason for another one, which might give the same records twice.
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
        private int _subscribing;   // id of the thread that subscribes now; else 0

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
            // Some push everything before Subscribe returns: there is no subscription to end yet, and only an exception stops them.
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
                // The stream has ended before the record had room: nobody takes it any more.
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
