using System.Runtime.CompilerServices;

namespace FastStream;

/// <summary>A key's new state from its values of one batch.</summary>
/// <param name="values">The key's values in the batch, in the order of partitions and arrival; none for a key that only
/// has a state. Valid during the call.</param>
/// <param name="state">The key's state; absent for a new key.</param>
/// <returns>The new state; <see cref="Optional{T}.None"/> removes the key.</returns>
public delegate Optional<TState> StateUpdate<TValue, TState>(ReadOnlySpan<TValue> values, Optional<TState> state);

/// <summary>A key's new state from its values of one batch, the batch's time and the key itself.</summary>
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
    /// All keys that have a state, with it, in every batch. The function is called for each key that has a state or new
    /// values, also in an empty batch: the cost grows with the number of keys. Where only keys with new values matter,
    /// <c>MapWithState</c> pays for those alone.
    /// </summary>
    /// <remarks>
    /// Partitions call the function at the same time from different threads. What it throws fails the batch, and all
    /// states are as before it: return new states, do not change the one given. Texts in keys and states are copied;
    /// one that is found in an object, an open class or a delegate of a key or state fails the batch.
    /// </remarks>
    /// <example><code>var total = sizeByUser.UpdateStateByKey((ReadOnlySpan&lt;long&gt; values, Optional&lt;long&gt;
    /// state) => state.GetValueOrDefault() + Sum(values));</code></example>
    /// <param name="stream">The pairs.</param>
    /// <param name="update">Gives a key's new state. The types of its parameters say what the state is.</param>
    /// <param name="initialState">States to begin with; the function sees them in the first batch. Of a key that comes
    /// twice the last one counts.</param>
    /// <param name="partitions">Partitions of the result, 1 to 1024; default the context's.</param>
    /// <exception cref="ArgumentException">Keys or states hold groups, or texts in classes or arrays: they end with
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

    /// <summary>As the other overload, with a function that also takes the batch's time and the key.</summary>
    /// <example><code>var seen = sizeByUser.UpdateStateByKey((BatchTime time, string key, ReadOnlySpan&lt;long&gt;
    /// values, Optional&lt;BatchTime&gt; state) => values.IsEmpty ? state : time);</code></example>
    /// <inheritdoc cref="UpdateStateByKey{TKey, TValue, TState}(DStream{ValueTuple{TKey, TValue}}, StateUpdate{TValue, TState}, IEnumerable{ValueTuple{TKey, TState}}, int?)"/>
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

    internal override IPartitioner<(TKey Key, TState Value)>? Partitioner => HashPartitioner<TKey, TState>.Where(parent.IsPartitionedByKey);

    internal override bool HasUniqueKeys => true;

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

/// <summary>Keeps states by the numbers of their keys, in two arrays: the last batch's, and those that the batch under way makes.</summary>
internal sealed class UpdateStateByKeyOperator<TKey, TValue, TState, TMarker>
    : StatefulOperator<(TKey Key, TValue Value), (TKey Key, TState Value)>, ISavedKeys<TKey, TState>,
    IReadableStates<TKey, TState>, IDisposable
    where TMarker : struct
{
    private readonly TimedStateUpdate<TKey, TValue, TState> _update;
    private readonly RecordErrors<(TKey Key, TValue Value)>? _errors;   // null where an error fails the batch
    private readonly MadeInput? _made;                     // null where no batch without input brings values
    private readonly KeyedTable<TKey, NoValue> _keys = new();
    private readonly GroupSorter<TValue> _values = new();
    private readonly PooledList<int> _added = new();       // keys that this batch brought
    private readonly PooledList<int> _gone = new();        // keys without a state after this batch
    private readonly TextArena _texts = new();
    private readonly HiddenTextFinder? _finder = HiddenTexts<TState>.NewFinder();   // null where no text can be hidden in a state
    private Optional<TState>[] _states = [];               // by key number
    private Optional<TState>[] _next = [];                 // after the batch that runs or ran last
    private ArenaLease? _stateTexts;                        // what _states lie in
    private ArenaLease? _nextTexts;

    public UpdateStateByKeyOperator(
        TimedStateUpdate<TKey, TValue, TState> update, List<(TKey Key, TState State)> initialState, Operator<(TKey Key, TState Value)> next,
        RecordErrors<(TKey Key, TValue Value)>? errors = null, MadeInput? made = null)
        : base(next)
    {
        _made = made;
        _update = errors is null ? update : WhereItCan(update, errors);
        _errors = errors;
        Add(initialState.Select(pair => new SavedKey<TKey, TState>(pair.Key, pair.State, 0)));
    }

    /// <inheritdoc/>
    public bool HasBegun => true;   // initial states are in from the beginning

    /// <inheritdoc/>
    public IEnumerable<SavedKey<TKey, TState>> Saved()
    {
        AcceptPending();
        for (int number = 0; number < _keys.End; number++)
        {
            if (_keys.GetCursor().IsUsed(number) && _states[number].HasValue)
            {
                yield return new SavedKey<TKey, TState>(_keys.KeyAt(number), _states[number].Value, 0);
            }
        }
    }

    /// <inheritdoc/>
    public long CountStates()
    {
        AcceptPending();
        return _keys.Count;
    }

    /// <inheritdoc/>
    public Optional<TState> FindState(TKey key)
    {
        AcceptPending();
        int number = _keys.Find(KeyHash.Of(in key), in key);
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
        for (int number = _keys.End - 1; number >= 0; number--)
        {
            if (_keys.GetCursor().IsUsed(number))
            {
                Remove(number);
            }
        }

        Add(keys);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public override void OnRecords(ReadOnlySpan<(TKey Key, TValue Value)> items)
    {
        _made?.Add();
        _keys.Locate<(TKey Key, TValue Value), PairKey<TKey, TValue>>(items, _values.AddValues(items), _added);
    }

    public override void OnBatchEnd(BatchContext batch)
    {
        _made?.EndBatch();
        MakeRoom();
        _values.Build(batch, _keys.End);
        UpdateAll(batch.Time);
        _values.Clear();
        if (RecordTexts<TState>.Any)
        {
            KeepTexts(batch);
            PutOut();
        }

        _keys.HoldKeyTexts(batch);
        base.OnBatchEnd(batch);
        _errors?.EndBatch(batch);
    }

    protected override void Undo()
    {
        _errors?.Clear();
        _made?.Reset();

        // Backwards, so that keys to come get the numbers that they would have got without this batch.
        for (int i = _added.Count - 1; i >= 0; i--)
        {
            Remove(_added[i]);
        }

        _added.Clear();
        _gone.Clear();
        _values.Clear();
        _nextTexts?.Dispose();
        _nextTexts = null;
    }

    public void Dispose()
    {
        _keys.Dispose();
        _stateTexts?.Dispose();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void UpdateAll(BatchTime time)
    {
        bool putsOut = !RecordTexts<TState>.Any;
        HiddenTextFinder? finder = _finder;
        int end = _keys.End;
        KeyedTable<TKey, NoValue>.Walker keys = _keys.GetCursor();
        for (int number = 0; number < end; number++)
        {
            if (keys.IsUsed(number))
            {
                TKey key = keys.KeyAt(number);
                Optional<TState> next = _update(time, key, _values.ValuesOf(number), _states[number]);
                _next[number] = next;
                if (!next.HasValue)
                {
                    _gone.Add(number);
                    continue;
                }

                finder?.ThrowIfIn(next.Value, "A state");
                if (putsOut)
                {
                    Output.Add((key, next.Value));
                }
            }
        }
    }

    // A key whose call fails keeps the state that it had, and its values are left out; without values the call is counted.
    internal static TimedStateUpdate<TKey, TValue, TState> WhereItCan(TimedStateUpdate<TKey, TValue, TState> update,
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

    private void Add(IEnumerable<SavedKey<TKey, TState>> keys)
    {
        foreach (SavedKey<TKey, TState> saved in keys)
        {
            int number = _keys.GetOrAdd(KeyHash.Of(in saved.Key), in saved.Key, out _);
            MakeRoom();
            _states[number] = saved.State;
        }

        if (RecordTexts<TState>.Any)
        {
            _stateTexts?.Dispose();
            RecordTexts<Optional<TState>>.Copy(_states, _texts, _stateTexts = new ArenaLease());
        }
    }

    // States with texts, once these are copied.
    private void PutOut()
    {
        int end = _keys.End;
        KeyedTable<TKey, NoValue>.Walker keys = _keys.GetCursor();
        for (int number = 0; number < end; number++)
        {
            if (keys.IsUsed(number) && _next[number].HasValue)
            {
                Output.Add((keys.KeyAt(number), _next[number].Value));
            }
        }
    }

    // All states go into new memory in each batch, as they all are made anew.
    private void KeepTexts(BatchContext batch)
    {
        _nextTexts = new ArenaLease();
        RecordTexts<Optional<TState>>.Copy(_next.AsSpan(0, _keys.End), _texts, _nextTexts);
        batch.Keep(_nextTexts.Retain());
    }

    private void MakeRoom()
    {
        if (_next.Length < _keys.End || _states.Length < _keys.End)
        {
            int length = Math.Max(16, (int)Math.Min(2L * _keys.End, Array.MaxLength));
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
        _added.Clear();
    }

    // In both arrays: the number may be another key's next.
    private void Remove(int number)
    {
        _keys.Remove(number);
        if (number < _states.Length)
        {
            _states[number] = default;
            _next[number] = default;
        }
    }

    private readonly struct NoValue;
}
