using System.Collections;

namespace FastStream;

public static partial class DStreamOperators
{
    /// <summary>
    /// Remembers the stream's batches for a time, so that <see cref="RememberedStream{T}.Slice"/> can read them while
    /// the context runs. Counts as an output: it makes the stream run.
    /// </summary>
    /// <remarks>
    /// A remembered batch holds the received blocks that its records lie in: the duration times the rate of the inputs
    /// must stay below <see cref="StreamingOptions.MaxBufferedBytes"/>, or receivers wait.
    /// </remarks>
    /// <example><code>
    /// RememberedStream&lt;(string Key, long Value)&gt; recent = counts.Remember(TimeSpan.FromMinutes(1));
    /// context.Start();
    /// using BatchSlice&lt;(string Key, long Value)&gt; slice = recent.Slice(now - TimeSpan.FromSeconds(10), now);
    /// </code></example>
    /// <param name="stream">The stream.</param>
    /// <param name="duration">How long a batch is remembered, in batch time: whole milliseconds, at least 1. The newest
    /// batch is always remembered.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="duration"/> is not a positive number of whole
    /// milliseconds.</exception>
    public static RememberedStream<T> Remember<T>(this DStream<T> stream, TimeSpan duration)
    {
        ArgumentNullException.ThrowIfNull(stream);
        BatchTime.WholeMilliseconds(duration, nameof(duration));
        var remembered = new RememberedStream<T>(stream, duration);
        _ = new BatchOutput<T>(stream, "Remember", (batch, _) => remembered.Add(batch), remembered.Close);
        return remembered;
    }
}

/// <summary>The last batches of a stream. Safe from any thread.</summary>
/// <typeparam name="T">The record.</typeparam>
public sealed class RememberedStream<T> : IOutlivesBatches
{
    private readonly TimeSpan _duration;
    private readonly Lock _lock = new();                          // guards the two below
    private readonly SortedList<BatchTime, Batch<T>> _batches = []; // retained
    private bool _isClosed;                                       // the context has stopped

    internal RememberedStream(DStream<T> stream, TimeSpan duration)
    {
        Stream = stream;
        _duration = duration;
    }

    /// <summary>The stream whose batches are remembered.</summary>
    public DStream<T> Stream { get; }

    /// <summary>The remembered batches of a range of times, oldest first. Dispose the slice: it holds the batches' memory.</summary>
    /// <remarks>
    /// Both ends belong to the range; each is moved back to the stream's last batch time not after it. Times without a
    /// remembered batch (forgotten, failed, yet to come, at or before zero time) are skipped; a range that ends before
    /// it begins is empty.
    /// </remarks>
    /// <param name="from">The first time.</param>
    /// <param name="to">The last time.</param>
    /// <exception cref="InvalidOperationException">The context was not started, or has stopped.</exception>
    public BatchSlice<T> Slice(BatchTime from, BatchTime to)
    {
        StreamingContextState state = Stream.Context.State;
        if (state == StreamingContextState.Initialized)
        {
            throw Throw.NotWhile(state, "Slice");
        }

        BatchTime zero = Stream.Context.ZeroTime;
        BatchTime first = from.Floor(Stream.Slide, zero);
        BatchTime last = to.Floor(Stream.Slide, zero);
        lock (_lock)
        {
            if (_isClosed)
            {
                throw Throw.NotWhile(StreamingContextState.Stopped, "Slice");
            }

            Batch<T>[] batches = [.. _batches.Values.Where(batch => batch.Time >= first && batch.Time <= last)];
            foreach (Batch<T> batch in batches)
            {
                batch.AddHolder();
            }

            return new BatchSlice<T>(batches);
        }
    }

    internal ValueTask Add(Batch<T> batch)
    {
        lock (_lock)
        {
            if (!_isClosed && _batches.TryAdd(batch.Time, batch))
            {
                batch.AddHolder();
                BatchTime newest = _batches.Keys[^1];
                while (_batches.Keys[0] <= newest - _duration)
                {
                    _batches.Values[0].Release();
                    _batches.RemoveAt(0);
                }
            }
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>Releases all batches, when the context stops.</summary>
    internal void Close()
    {
        lock (_lock)
        {
            _isClosed = true;
            foreach (Batch<T> batch in _batches.Values)
            {
                batch.Release();
            }

            _batches.Clear();
        }
    }
}

/// <summary>Batches of one stream, oldest first, held until the slice is disposed.</summary>
/// <typeparam name="T">The record.</typeparam>
public sealed class BatchSlice<T> : IReadOnlyList<Batch<T>>, IDisposable, IOutlivesBatches
{
    private readonly Batch<T>[] _batches;
    private int _isDisposed;   // 1 once the batches were released

    internal BatchSlice(Batch<T>[] batches) => _batches = batches;

    /// <summary>Number of batches.</summary>
    public int Count => _batches.Length;

    /// <summary>One batch, by time.</summary>
    /// <exception cref="ObjectDisposedException">The slice was disposed.</exception>
    public Batch<T> this[int index] => Held[index];

    /// <summary>Enumerates the batches.</summary>
    public IEnumerator<Batch<T>> GetEnumerator() => ((IEnumerable<Batch<T>>)Held).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Releases the batches; a second call does nothing.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            foreach (Batch<T> batch in _batches)
            {
                batch.Release();
            }
        }
    }

    private Batch<T>[] Held
    {
        get
        {
            ObjectDisposedException.ThrowIf(Volatile.Read(ref _isDisposed) == 1, this);
            return _batches;
        }
    }
}
