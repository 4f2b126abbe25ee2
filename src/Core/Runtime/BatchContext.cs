using System.Buffers;
using System.Runtime.ExceptionServices;

namespace FastStream.Runtime;

/// <summary>
/// One attempt of one batch: its time, its unfinished work, whether it failed, and the memory that lives as long as the
/// batch.
/// </summary>
/// <remarks>
/// The context holds everything that a batch's records point into (blocks, group arrays, collected outputs), and
/// releases it with the last holder: the scheduler, an output that reads later, a stream that remembers.
/// <see cref="Retain"/>, <see cref="Release"/> and <see cref="Keep{T}"/> are safe from any thread.
/// </remarks>
public sealed class BatchContext
{
    private readonly InputBatch[] _inputs;                    // by input index; disposed with the context, or by the next attempt
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();                      // guards _kept, _windows, _failedRecords and _isGone
    private List<IDisposable>? _kept;                         // pooled memory returned with the context
    // what windows hold and contributed, by the number of windows before them; null where none holds batches
    private List<WindowLevel>? _windows;
    private Dictionary<string, (long Count, Exception First)>? _failedRecords;   // by operator; null where no record failed
    private bool _isGone;                                     // inputs and _kept were released
    private bool _isLeftBehind;
    private int _pending = 1;                                 // unhandled messages, plus 1 for the scheduler while it posts
    private int _holders = 1;                                 // readers of the batch's records
    private StreamingException? _failure;                     // the first failure; later ones are consequences
    private BatchContext? _nextAttempt;                       // the attempt that took the inputs over; held as long as this one

    internal BatchContext(BatchTime time, InputBatch[] inputs)
    {
        Time = time;
        _inputs = inputs;
    }

    /// <summary>The batch's time, which identifies it.</summary>
    public BatchTime Time { get; }

    /// <summary>The batch's number: 1 for the first one after zero time.</summary>
    public long Number { get; internal init; }

    /// <summary>Whether an earlier run of the program began the batch, and may have run its outputs.</summary>
    internal bool IsReplay { get; init; }

    /// <summary>Measures the stages; null where measuring is off.</summary>
    internal StageTimes? StageTimes { get; init; }

    internal bool IsFailed => Volatile.Read(ref _failure) is not null;

    internal StreamingException? Failure => Volatile.Read(ref _failure);

    /// <summary>
    /// Whether the context stopped before all work of the batch returned: the batch must have no further effect.
    /// </summary>
    internal bool IsLeftBehind => Volatile.Read(ref _isLeftBehind);

    /// <summary>Completes when every message of this batch has been handled, whether the batch failed or not.</summary>
    internal Task Drained => _done.Task;

    internal InputBatch Input(int index) => _inputs[index];

    /// <summary>Adds a reader of the batch's records. The caller must already be one.</summary>
    public void Retain() => Interlocked.Increment(ref _holders);

    /// <summary>Removes a reader; the last one releases the batch's memory.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _holders) == 0)
        {
            GiveBack();
        }
    }

    /// <summary>
    /// Makes a window hold the batch's records: the batch's own memory, and what the windows before it contributed.
    /// <paramref name="depth"/> is the number of those windows. The caller must be a reader.
    /// </summary>
    internal void RetainForWindow(int depth)
    {
        lock (_lock)
        {
            LevelAt(depth).Holders++;
        }
    }

    /// <summary>Ends the window's hold.</summary>
    internal void ReleaseForWindow(int depth)
    {
        lock (_lock)
        {
            LevelAt(depth).Holders--;
        }

        GiveBack();
    }

    /// <summary>
    /// Releases what a window contributed to the batch when no reader and no window downstream of that one holds the
    /// batch.
    /// </summary>
    /// <remarks>
    /// The window itself also holds this batch, but does not count: otherwise each batch would hold the one before it,
    /// and none would ever be released.
    /// </remarks>
    internal void KeepFromWindow(int depth, IDisposable memory)
    {
        lock (_lock)
        {
            LevelAt(depth).Given.Add(memory);
        }
    }

    /// <summary>Rents an array that lives as long as the batch.</summary>
    /// <param name="minimumLength">The least number of elements.</param>
    public T[] Keep<T>(int minimumLength)
    {
        T[] array = ArrayPool<T>.Shared.Rent(minimumLength);
        Keep(new PooledArray<T>(array));
        return array;
    }

    /// <summary>Disposes of an object when the batch's memory is released.</summary>
    public void Keep(IDisposable memory)
    {
        lock (_lock)
        {
            (_kept ??= []).Add(memory);
        }
    }

    /// <summary>Counts records that an operator dropped by its error policy. Called from any partition.</summary>
    internal void AddFailedRecords(string operatorName, long count, Exception first)
    {
        lock (_lock)
        {
            _failedRecords ??= new(StringComparer.Ordinal);
            _failedRecords[operatorName] = _failedRecords.TryGetValue(operatorName, out (long Count, Exception First) before)
                ? (before.Count + count, before.First) : (count, first);
        }
    }

    /// <summary>
    /// Records that operators dropped, by the operator's name, with the first error of each; null where there are none.
    /// Read when the batch has drained.
    /// </summary>
    internal IReadOnlyDictionary<string, (long Count, Exception First)>? FailedRecords => _failedRecords;

    internal void AddPending() => Interlocked.Increment(ref _pending);

    internal void RemovePending()
    {
        if (Interlocked.Decrement(ref _pending) == 0)
        {
            _done.TrySetResult();
        }
    }

    internal void Fail(Exception error)
    {
        StreamingException failure = error switch
        {
            OperatorFailure named => new StreamingException(Time, named.OperatorName, named.InnerException!) { Origin = named.Origin },
            StreamingException known => known,
            _ => new StreamingException(Time, "the engine", error),
        };
        Interlocked.CompareExchange(ref _failure, failure, null);
    }

    /// <summary>
    /// The context stops without the batch: work in progress is dropped, and work that returns later must do nothing.
    /// </summary>
    internal void LeaveBehind(StreamingException why)
    {
        Volatile.Write(ref _isLeftBehind, true);
        Fail(why);
    }

    /// <summary>
    /// Begins another attempt of the same batch, which takes the inputs over: they are disposed when neither attempt
    /// has a reader left. Call it before the scheduler releases this attempt.
    /// </summary>
    internal BatchContext NewAttempt()
    {
        var next = new BatchContext(Time, _inputs) { Number = Number, IsReplay = IsReplay, StageTimes = StageTimes };
        next.Retain();
        _nextAttempt = next;
        return next;
    }

    private WindowLevel LevelAt(int depth)
    {
        _windows ??= [];
        while (_windows.Count <= depth)
        {
            _windows.Add(new WindowLevel());
        }

        return _windows[depth];
    }

    // Releases what has no reader left.
    private void GiveBack()
    {
        List<IDisposable>? given = null;   // by windows; most batches have none
        bool all;
        lock (_lock)
        {
            if (Volatile.Read(ref _holders) != 0)
            {
                return;
            }

            bool isHeld = false;
            for (int depth = (_windows?.Count ?? 0) - 1; depth >= 0; depth--)
            {
                if (!isHeld)
                {
                    (given ??= []).AddRange(_windows![depth].Given);
                    _windows[depth].Given.Clear();
                }

                isHeld |= _windows![depth].Holders > 0;
            }

            all = !isHeld && !_isGone;
            _isGone |= all;
        }

        try
        {
            if (given is not null)
            {
                DisposeAll(given);
            }
        }
        finally
        {
            if (all)
            {
                GiveBackAll();
            }
        }
    }

    private void GiveBackAll()
    {
        try
        {
            if (_nextAttempt is not null)
            {
                _nextAttempt.Release();
            }
            else
            {
                DisposeAll(_inputs);
            }
        }
        finally
        {
            if (_kept is not null)
            {
                DisposeAll(_kept);
            }
        }
    }

    // If one throws, the others are still released.
    private static void DisposeAll(IReadOnlyList<IDisposable> memory)
    {
        Exception? failure = null;
        for (int i = 0; i < memory.Count; i++)
        {
            try
            {
                memory[i].Dispose();
            }
            catch (Exception error)
            {
                failure ??= error;
            }
        }

        if (failure is not null)
        {
            ExceptionDispatchInfo.Throw(failure);
        }
    }

    /// <summary>Windows with the same number of windows before them.</summary>
    private sealed class WindowLevel
    {
        public int Holders { get; set; }

        public List<IDisposable> Given { get; } = [];
    }

    private sealed class PooledArray<T>(T[] array) : IDisposable
    {
        public void Dispose() =>
            ArrayPool<T>.Shared.Return(array, System.Runtime.CompilerServices.RuntimeHelpers.IsReferenceOrContainsReferences<T>());
    }
}

/// <summary>Takes the name of the failed operator up to the runner; users see <see cref="StreamingException"/>.</summary>
internal sealed class OperatorFailure(string operatorName, string? origin, Exception error) : Exception(error.Message, error)
{
    public string OperatorName { get; } = operatorName;

    /// <summary>Where in the program the operator is described; null if unknown.</summary>
    public string? Origin { get; } = origin;
}
