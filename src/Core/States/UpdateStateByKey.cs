using System.Runtime.CompilerServices;

namespace FastStream;

/// <summary>Makes a key's new state from its values of one batch.</summary>
/// <param name="values">The key's values in the batch, in the order of partitions and arrival; none for a key that only
/// has a state. Valid during the call.</param>
/// <param name="state">The key's state; absent for a new key.</param>
/// <returns>The new state; <see cref="Optional{T}.None"/> removes the key.</returns>
public delegate Optional<TState> StateUpdate<TValue, TState>(ReadOnlySpan<TValue> values, Optional<TState> state);

/// <summary>Makes a key's new state from its values of one batch, the batch's time and the key itself.</summary>
/// <param name="time">The batch's time.</param>
/// <param name="key">The key.</param>
/// <param name="values">The key's values in the batch, in the order of partitions and arrival; none for a key that only
/// has a state. Valid during the call.</param>
/// <param name="state">The key's state; absent for a new key.</param>
/// <returns>The new state; <see cref="Optional{T}.None"/> removes the key.</returns>
public delegate Optional<TState> TimedStateUpdate<TKey, TValue, TState>(BatchTime time, TKey key,
    ReadOnlySpan<TValue> values, Optional<TState> state);

public static partial class DStreamOperators
{
    /// <summary>
    /// All keys that have a state, with the state, in every batch. The function is called for each key that has a state
    /// or new values, also in an empty batch: the cost grows with the number of keys. If only keys with new values
    /// matter, <c>MapWithState</c> costs only as much as those.
    /// </summary>
    /// <remarks>
    /// Partitions call the function at the same time from different threads. If it throws, the batch fails, and all
    /// states are as before it: return new states, do not change the given one. Texts in keys and states are copied; a
    /// text found in an object, an open class or a delegate of a key or state fails the batch.
    /// </remarks>
    /// <example><code>var total = sizeByUser.UpdateStateByKey((ReadOnlySpan&lt;long&gt; values, Optional&lt;long&gt;
    /// state) => state.GetValueOrDefault() + Sum(values));</code></example>
    /// <param name="stream">The pairs.</param>
    /// <param name="update">Returns a key's new state. The types of its parameters give the type of the state.</param>
    /// <param name="initialState">Initial states; the function sees them in the first batch. If a key occurs twice, the
    /// last state counts.</param>
    /// <param name="partitions">Partitions of the result, 1 to 1024; default the context's.</param>
    /// <exception cref="ArgumentException">Keys or states hold groups, or texts in classes or arrays, which end with
    /// their batch.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="partitions"/> is out of its range.</exception>
    public static DStream<(TKey Key, TState Value)> UpdateStateByKey<TKey, TValue, TState>(
        this DStream<(TKey Key, TValue Value)> stream,
        StateUpdate<TValue, TState> update,
        IEnumerable<(TKey Key, TState State)>? initialState = null,
        int? partitions = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(update);
        return Describe<TKey, TValue, TState>(stream, update, (_, _, values, state) => update(values, state), initialState, partitions);
    }

    /// <summary>As the other overload, with a function that also receives the batch's time and the key.</summary>
    /// <example><code>var seen = sizeByUser.UpdateStateByKey((BatchTime time, string key, ReadOnlySpan&lt;long&gt;
    /// values, Optional&lt;BatchTime&gt; state) => values.IsEmpty ? state : time);</code></example>
    /// <inheritdoc cref="UpdateStateByKey{TKey, TValue, TState}(DStream{ValueTuple{TKey, TValue}}, StateUpdate{TValue,
    /// TState}, IEnumerable{ValueTuple{TKey, TState}}, int?)"/>
    public static DStream<(TKey Key, TState Value)> UpdateStateByKey<TKey, TValue, TState>(
        this DStream<(TKey Key, TValue Value)> stream,
        TimedStateUpdate<TKey, TValue, TState> update,
        IEnumerable<(TKey Key, TState State)>? initialState = null,
        int? partitions = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(update);
        return Describe(stream, update, update, initialState, partitions);
    }

    private static UpdateStateByKeyStream<TKey, TValue, TState> Describe<TKey, TValue, TState>(
        DStream<(TKey Key, TValue Value)> stream, Delegate function, TimedStateUpdate<TKey, TValue, TState> update,
        IEnumerable<(TKey Key, TState State)>? initialState, int? partitions)
    {
        int count = stream.PartitionsOr(partitions);
        StateChecks.ThrowIfEndsWithBatch<TKey>("A key");
        StateChecks.ThrowIfEndsWithBatch<TState>("A state");
        return new UpdateStateByKeyStream<TKey, TValue, TState>(stream.ExchangeByKey(count), function, update, initialState ?? []);
    }
}

internal sealed class UpdateStateByKeyStream<TKey, TValue, TState>(
    DStream<(TKey Key, TValue Value)> parent, Delegate function, TimedStateUpdate<TKey, TValue, TState> update,
    IEnumerable<(TKey Key, TState State)> initialState,
    DStream? original = null)
    : DStream<(TKey Key, TState Value)>(parent.Context, "UpdateStateByKey", parent),
        ITolerant<(TKey Key, TState Value)>, IHasRecordErrors<(TKey Key, TValue Value)>
{
    internal override bool MakesRecords => true;

    internal override DStream? Original => original;

    internal override bool IsTolerant => original is not null;

    public Type RecordType => typeof((TKey Key, TValue Value));

    public DStream<(TKey Key, TState Value)> Tolerate() =>
        new UpdateStateByKeyStream<TKey, TValue, TState>(parent, function, update, initialState, original: this);

    public RecordErrors<(TKey Key, TValue Value)> Errors(GraphBuilder graph, int partition) =>
        graph.Shared(this, partition, () => new RecordErrors<(TKey Key, TValue Value)>(Name));

    public override IPartitioner<(TKey Key, TState Value)>? Partitioner => HashPartitioner<TKey, TState>.Where(parent.IsPartitionedByKey);

    public override bool HasUniqueKeys => true;

    protected internal override void Connect(GraphBuilder graph, Operator<(TKey Key, TState Value)>[] outputs)
    {
        List<(TKey Key, TState State)>[] initial = InitialStates.ByPartition(initialState, outputs.Length, graph.Salt);
        Operator<(TKey Key, TValue Value)>[] operators =
            [.. outputs.Select((output, partition) => LoopSpecializer.Of(function).Create(
                new Factory(update, initial[partition], Cold(graph, partition), IsTolerant
                    ? Errors(graph, partition) : null, MadeInput.For(this, graph), output)))];
        foreach (Operator<(TKey Key, TValue Value)> created in operators)
        {
            graph.Own((IDisposable)created);
        }

        graph.AddSection(this, serializers => graph.Stores is { } stores
            ? new StoredStateSnapshot<TKey, TState>(this, [.. operators.Cast<IStoredStates>()], stores, graph.Salt)
            : new KeyedStateSnapshot<TKey, TState>(this, [.. operators.Cast<ISavedKeys<TKey, TState>>()], serializers, graph.Salt));
        graph.AddStates(new ReadableStates<TKey, TState>(this, [.. operators.Cast<IReadableStates<TKey, TState>>()], graph.Salt));
        graph.Attach(parent, this, partition => operators[partition]);
    }

    private ColdStates<TKey, TState>? Cold(GraphBuilder graph, int partition) =>
        graph.Stores is { } stores ? new ColdStates<TKey, TState>(stores.Add($"{Name}, partition {partition}"), stores.Serializers) : null;

    private sealed class Factory(
        TimedStateUpdate<TKey, TValue, TState> update, List<(TKey Key, TState State)> initialState, ColdStates<TKey, TState>? cold,
        RecordErrors<(TKey Key, TValue Value)>? errors, MadeInput? made, Operator<(TKey Key, TState Value)> next)
            : ISpecializedFactory<(TKey Key, TValue Value)>
    {
        public Operator<(TKey Key, TValue Value)> Create<TMarker>()
            where TMarker : struct => cold is null
                ? new UpdateStateByKeyOperator<TKey, TValue, TState, TMarker>(update, initialState, next, errors, made)
                : new StoredUpdateStateByKeyOperator<TKey, TValue, TState, TMarker>(update, cold, initialState, next, errors, made);
    }
}

/// <summary>
/// The common part of both kinds of <c>UpdateStateByKey</c>: collects a batch's values by key, and reports its input
/// and its errors.
/// </summary>
internal abstract class KeyUpdateOperator<TKey, TValue, TState>(
    TimedStateUpdate<TKey, TValue, TState> update, Operator<(TKey Key, TState Value)> next,
    RecordErrors<(TKey Key, TValue Value)>? errors, MadeInput? made)
    : StatefulOperator<(TKey Key, TValue Value), (TKey Key, TState Value)>(next), IDisposable
{
    /// <summary>The user's function; if errors are counted, a function that calls it and counts them.</summary>
    protected TimedStateUpdate<TKey, TValue, TState> Update { get; } = errors is null ? update : CountingErrors(update, errors);

    /// <summary>The keys of states and of the batch.</summary>
    protected KeyedTable<TKey, NoValue> Keys { get; } = new();

    protected PooledList<int> Added { get; } = new();

    /// <summary>The batch's values by the numbers of their keys.</summary>
    protected GroupSorter<TValue> Values { get; } = new();

    /// <summary>The memory that texts of states are copied to.</summary>
    protected TextArena Texts { get; } = new();

    /// <summary>Null if no text can be hidden in a state.</summary>
    protected HiddenTextFinder? Finder { get; } = HiddenTexts<TState>.NewFinder();

    [MethodImpl(MethodImplOptions.NoInlining)]
    public sealed override void OnRecords(ReadOnlySpan<(TKey Key, TValue Value)> items)
    {
        made?.Add();
        Keys.Locate<(TKey Key, TValue Value), PairKey<TKey, TValue>>(items, Values.AddValues(items), Added);
    }

    public sealed override void OnBatchEnd(BatchContext batch)
    {
        made?.EndBatch();
        UpdateAll(batch);
        Keys.HoldKeyTexts(batch);
        base.OnBatchEnd(batch);
        errors?.EndBatch(batch);
        EndBatch();
    }

    public virtual void Dispose() => Keys.Dispose();

    /// <summary>Makes the new states of all keys, and emits them.</summary>
    protected abstract void UpdateAll(BatchContext batch);

    /// <summary>Called when the batch has been emitted.</summary>
    protected virtual void EndBatch()
    {
    }

    protected sealed override void Undo()
    {
        errors?.Clear();
        made?.Reset();
        Values.Clear();
        UndoStates();
    }

    /// <summary>Restores keys and states to what they were before the batch.</summary>
    protected abstract void UndoStates();

    // A key whose call fails keeps its state, and its values are dropped and counted; if it has no values, the call is
    // counted.
    private static TimedStateUpdate<TKey, TValue, TState> CountingErrors(TimedStateUpdate<TKey, TValue, TState> update,
        RecordErrors<(TKey Key, TValue Value)> errors) =>
        (time, key, values, state) =>
        {
            try
            {
                return update(time, key, values, state);
            }
            catch (Exception error) when (RecordErrors<(TKey Key, TValue Value)>.Takes(error))
            {
                foreach (ref readonly TValue value in values)
                {
                    errors.Add((key, value), error);
                }

                if (values.IsEmpty)
                {
                    errors.AddCall(error);
                }

                return state;
            }
        };

    /// <summary>The value in a table that needs only keys.</summary>
    protected readonly struct NoValue;
}

/// <summary>
/// Keeps states by the numbers of their keys, in two arrays: those of the last batch, and those that the running batch
/// makes.
/// </summary>
internal sealed class UpdateStateByKeyOperator<TKey, TValue, TState, TMarker>
    : KeyUpdateOperator<TKey, TValue, TState>, ISavedKeys<TKey, TState>, IReadableStates<TKey, TState>
    where TMarker : struct
{
    private readonly PooledList<int> _gone = new();        // keys without a state after this batch
    private Optional<TState>[] _states = [];               // by key number
    private Optional<TState>[] _next = [];                 // after the batch that runs or ran last
    private ArenaLease? _stateTexts;                        // memory of the texts in _states
    private ArenaLease? _nextTexts;

    public UpdateStateByKeyOperator(
        TimedStateUpdate<TKey, TValue, TState> update, List<(TKey Key, TState State)> initialState, Operator<(TKey Key, TState Value)> next,
        RecordErrors<(TKey Key, TValue Value)>? errors = null, MadeInput? made = null)
        : base(update, next, errors, made) =>
        Add(initialState.Select(pair => new SavedKey<TKey, TState>(pair.Key, pair.State, 0)));

    /// <inheritdoc/>
    public bool HasBegun => true;   // initial states are in from the beginning

    /// <inheritdoc/>
    public IEnumerable<SavedKey<TKey, TState>> Saved()
    {
        AcceptPending();
        for (int number = 0; number < Keys.End; number++)
        {
            if (Keys.GetCursor().IsUsed(number) && _states[number].HasValue)
            {
                yield return new SavedKey<TKey, TState>(Keys.KeyAt(number), _states[number].Value, 0);
            }
        }
    }

    /// <inheritdoc/>
    public long CountStates()
    {
        AcceptPending();
        return Keys.Count;
    }

    /// <inheritdoc/>
    public Optional<TState> FindState(TKey key)
    {
        AcceptPending();
        int number = Keys.Find(KeyHash.Of(in key), in key);
        return number < 0 ? Optional<TState>.None : _states[number];
    }

    /// <inheritdoc/>
    public void VisitStates(Action<TKey, TState> visit)
    {
        foreach (SavedKey<TKey, TState> saved in Saved())
        {
            visit(saved.Key, saved.State);
        }
    }

    /// <inheritdoc/>
    public void Restore(IEnumerable<SavedKey<TKey, TState>> keys)
    {
        for (int number = Keys.End - 1; number >= 0; number--)
        {
            if (Keys.GetCursor().IsUsed(number))
            {
                Remove(number);
            }
        }

        Add(keys);
    }

    protected override void UpdateAll(BatchContext batch)
    {
        MakeRoom();
        Values.Build(batch, Keys.End);
        UpdateAll(batch.Time);
        Values.Clear();
        if (RecordTexts<TState>.Any)
        {
            KeepTexts(batch);
            EmitCopied();
        }
    }

    protected override void UndoStates()
    {
        // Backwards, so that later keys get the numbers that they would have got without this batch.
        for (int i = Added.Count - 1; i >= 0; i--)
        {
            Remove(Added[i]);
        }

        Added.Clear();
        _gone.Clear();
        _nextTexts?.Dispose();
        _nextTexts = null;
    }

    public override void Dispose()
    {
        base.Dispose();
        _stateTexts?.Dispose();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void UpdateAll(BatchTime time)
    {
        bool emitsAtOnce = !RecordTexts<TState>.Any;
        HiddenTextFinder? finder = Finder;
        int end = Keys.End;
        KeyedTable<TKey, NoValue>.Walker keys = Keys.GetCursor();
        for (int number = 0; number < end; number++)
        {
            if (keys.IsUsed(number))
            {
                TKey key = keys.KeyAt(number);
                Optional<TState> next = Update(time, key, Values.ValuesOf(number), _states[number]);
                _next[number] = next;
                if (!next.HasValue)
                {
                    _gone.Add(number);
                    continue;
                }

                finder?.ThrowIfIn(next.Value, "A state");
                if (emitsAtOnce)
                {
                    Output.Add((key, next.Value));
                }
            }
        }
    }

    private void Add(IEnumerable<SavedKey<TKey, TState>> keys)
    {
        foreach (SavedKey<TKey, TState> saved in keys)
        {
            int number = Keys.GetOrAdd(KeyHash.Of(in saved.Key), in saved.Key, out _);
            MakeRoom();
            _states[number] = saved.State;
        }

        if (RecordTexts<TState>.Any)
        {
            _stateTexts?.Dispose();
            RecordTexts<Optional<TState>>.Copy(_states, Texts, _stateTexts = new ArenaLease());
        }
    }

    // Emits states with texts, once these are copied.
    private void EmitCopied()
    {
        int end = Keys.End;
        KeyedTable<TKey, NoValue>.Walker keys = Keys.GetCursor();
        for (int number = 0; number < end; number++)
        {
            if (keys.IsUsed(number) && _next[number].HasValue)
            {
                Output.Add((keys.KeyAt(number), _next[number].Value));
            }
        }
    }

    // All states go to new memory in each batch, because each batch makes all of them again.
    private void KeepTexts(BatchContext batch)
    {
        _nextTexts = new ArenaLease();
        RecordTexts<Optional<TState>>.Copy(_next.AsSpan(0, Keys.End), Texts, _nextTexts);
        batch.Keep(_nextTexts.Retain());
    }

    private void MakeRoom()
    {
        if (_next.Length < Keys.End || _states.Length < Keys.End)
        {
            int length = Math.Max(16, (int)Math.Min(2L * Keys.End, Array.MaxLength));
            Array.Resize(ref _next, length);
            Array.Resize(ref _states, length);
        }
    }

    protected override void Accept()
    {
        (_states, _next) = (_next, _states);
        _stateTexts?.Dispose();
        (_stateTexts, _nextTexts) = (_nextTexts, null);
        foreach (int number in _gone.Span)
        {
            Remove(number);
        }

        _gone.Clear();
        Added.Clear();
    }

    // Clears both arrays: another key may get the number next.
    private void Remove(int number)
    {
        Keys.Remove(number);
        if (number < _states.Length)
        {
            _states[number] = default;
            _next[number] = default;
        }
    }
}
