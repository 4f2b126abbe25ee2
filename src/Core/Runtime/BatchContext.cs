using System.Buffers;
using System.Runtime.ExceptionServices;

namespace FastStream.Runtime;

/// <summary>
/// One run of one batch: its time, what is still to be done, whether it failed, and the memory that lives as long as the batch does.
/// </summary>
/// <remarks>
/// Everything that a batch's records point into (blocks, group arrays, collected outputs) is held here and let go
/// when the last holder releases: the scheduler, an output that reads later, a stream that remembers.
/// <see cref="Retain"/>, <see cref="Release"/> and <see cref="Keep{T}"/> are safe from any thread.
/// </remarks>
public sealed class BatchContext
{
    private readonly InputBatch[] _inputs;                    // by input index; disposed with the scope unless a next try takes them over
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();                      // guards _kept, _windows, _failedRecords and _isGone
    private List<IDisposable>? _kept;                         // pooled memory given back with the scope
    // what windows hold and gave, by the number of windows before them; null where none holds batches
    private List<WindowLevel>? _windows;
    private Dictionary<string, (long Count, Exception First)>? _failedRecords;   // by operator; null where no record failed
    private bool _isGone;                                     // inputs and _kept were given back
    private bool _isLeftBehind;
    private int _pending = 1;                                 // messages not handled yet, and 1 for the scheduler while it posts
    private int _holders = 1;                                 // who still reads the batch's records
    private StreamingException? _failure;                     // the first failure; later ones are consequences
    private BatchContext? _nextAttempt;                             // the run that has taken the inputs over; held as long as this one is

    internal BatchContext(BatchTime time, InputBatch[] inputs)
    {
        Time = time;
        _inputs = inputs;
    }

    /// <summary>The batch's time, its identity.</summary>
    public BatchTime Time { get; }

    /// <summary>The batch's number: 1 for the first one after zero time.</summary>
    public long Number { get; internal init; }

    /// <summary>Whether an earlier run of the program began the batch, and may have put it out.</summary>
    internal bool IsReplay { get; init; }

    /// <summary>Measures the stages; null where nobody asks.</summary>
    internal StageTimes? StageTimes { get; init; }

    internal bool IsFailed => Volatile.Read(ref _failure) is not null;

    internal StreamingException? Failure => Volatile.Read(ref _failure);

    /// <summary>Whether the context has stopped while something of the batch did not return: nothing more may come of it.</summary>
    internal bool IsLeftBehind => Volatile.Read(ref _isLeftBehind);

    /// <summary>Done when no message of this batch is left anywhere, whether it failed or not.</summary>
    internal Task Drained => _done.Task;

    internal InputBatch Input(int index) => _inputs[index];

    /// <summary>One more reader of the batch's records. The caller must be one already.</summary>
    public void Retain() => Interlocked.Increment(ref _holders);

    /// <summary>One reader less; the last one gives the batch's memory back.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _holders) == 0)
        {
            GiveBack();
        }
    }

    /// <summary>
    /// A window with so many windows before it holds the batch's records: the batch's own memory, and what those
    /// windows gave it. The caller must be a reader.
    /// </summary>
    internal void RetainForWindow(int depth)
    {
        lock (_lock)
        {
            LevelAt(depth).Holders++;
        }
    }

    /// <summary>The window's hold ends.</summary>
    internal void ReleaseForWindow(int depth)
    {
        lock (_lock)
        {
            LevelAt(depth).Holders--;
        }

        GiveBack();
    }

    /// <summary>Lets go of what a window gave the batch when no reader is left, and no window behind that one.</summary>
    /// <remarks>
    /// The window itself, which holds this batch too, does not count: else each batch would hold the one before it, and
    /// none would ever end.
    /// </remarks>
    internal void KeepFromWindow(int depth, IDisposable memory)
    {
        lock (_lock)
        {
            LevelAt(depth).Given.Add(memory);
        }
    }

    /// <summary>Rents an array that lives as long as the batch.</summary>
    /// <param name="minimumLength">At least so many elements.</param>
    public T[] Keep<T>(int minimumLength)
    {
        T[] array = ArrayPool<T>.Shared.Rent(minimumLength);
        Keep(new PooledArray<T>(array));
        return array;
    }

    /// <summary>Lets go of something when the batch is done with.</summary>
    public void Keep(IDisposable memory)
    {
        lock (_lock)
        {
            (_kept ??= []).Add(memory);
        }
    }

    /// <summary>Records that an operator left out, by its error policy. From any partition.</summary>
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
    /// Records that operators left out, by the operator's name, with the first error of each; null where there are
    /// none. When the batch is quiet.
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

    /// <summary>The context goes without the batch: what is under way is dropped, and what comes back later must do nothing.</summary>
    internal void LeaveBehind(StreamingException why)
    {
        Volatile.Write(ref _isLeftBehind, true);
        Fail(why);
    }

    /// <summary>
    /// Another run of the same batch, which takes the inputs over: they are disposed when nobody reads either run any
    /// more. Before the scheduler releases this one.
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

    // Gives back what nobody reads any more.
    private void GiveBack()
    {
        List<IDisposable>? given = null;   // by windows; most batches were given nothing
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

    // One that throws does not keep the others from giving their memory back.
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

/// <summary>Carries the name of the operator that failed up to the runner; users see <see cref="StreamingException"/>.</summary>
internal sealed class OperatorFailure(string operatorName, string? origin, Exception error) : Exception(error.Message, error)
{
    public string OperatorName { get; } = operatorName;

    /// <summary>Where in the program it is described; null where that is not known.</summary>
    public string? Origin { get; } = origin;
}
