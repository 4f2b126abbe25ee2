using System.Runtime.CompilerServices;

namespace FastStream;

public static partial class DStreamOperators
{
    /// <summary>
    /// The results of a function that is called for every record, with the record's key and value and the key's state.
    /// A later record of the same batch sees what an earlier one changed. The cost grows with the batch, not with the
    /// number of keys.
    /// </summary>
    /// <remarks>
    /// If the function throws, the batch fails, and all states are as before it: do not change objects in a state,
    /// update it with new ones. Texts in keys and states are copied; a text found in an object, an open class or a
    /// delegate of a key or state fails the batch.
    /// </remarks>
    /// <example><code>
    /// var running = sizeByUser.MapWithState(KeyState.Of&lt;long&gt;().Timeout(TimeSpan.FromMinutes(30)), (key, value, state) =>
    /// {
    ///     if (!state.IsTimingOut) state.Update(state.GetValueOrDefault() + value.Value);
    ///     return (key, state.GetValueOrDefault());
    /// });
    /// running.StateSnapshots().Print();
    /// </code></example>
    /// <param name="stream">The pairs.</param>
    /// <param name="state">The state's type and time-out.</param>
    /// <param name="function">Receives the key, its value (absent in a call for a time-out) and its state. Partitions
    /// call it at the same time from different threads.</param>
    /// <param name="initialState">Initial states, as if last touched by the first batch. If a key occurs twice, the
    /// last state counts.</param>
    /// <param name="partitions">Partitions of the result, 1 to 1024; default the context's.</param>
    /// <exception cref="ArgumentException">Keys or states hold groups, or texts in classes or arrays, which end with
    /// their batch.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="partitions"/> is out of its range.</exception>
    public static MapWithStateStream<TKey, TState, TMapped> MapWithState<TKey, TValue, TState, TMapped>(
        this DStream<(TKey Key, TValue Value)> stream,
        KeyState<TState> state,
        Func<TKey, Optional<TValue>, State<TState>, TMapped> function,
        IEnumerable<(TKey Key, TState State)>? initialState = null,
        int? partitions = null)
    {
        ArgumentNullException.ThrowIfNull(state);
        return stream.MapWithState(state.With(StateSpec.Function(function), initialState, partitions));
    }

    /// <summary>
    /// As the other overload, with a function that also receives the batch's time, and returns a record or none.
    /// </summary>
    /// <inheritdoc cref="MapWithState{TKey, TValue, TState, TMapped}(DStream{ValueTuple{TKey, TValue}}, KeyState{TState},
    /// Func{TKey, Optional{TValue}, State{TState}, TMapped}, IEnumerable{ValueTuple{TKey, TState}}, int?)"/>
    /// <example><code>
    /// var began = sizeByUser.MapWithState(KeyState.Of&lt;BatchTime&gt;().Timeout(TimeSpan.FromMinutes(30)), (time, user, size, state) =>
    /// {
    ///     if (state.Exists || state.IsTimingOut) return Optional&lt;(string, BatchTime)&gt;.None;
    ///     state.Update(time);
    ///     return (user, time);
    /// });
    /// </code></example>
    public static MapWithStateStream<TKey, TState, TMapped> MapWithState<TKey, TValue, TState, TMapped>(
        this DStream<(TKey Key, TValue Value)> stream,
        KeyState<TState> state,
        Func<BatchTime, TKey, Optional<TValue>, State<TState>, Optional<TMapped>> function,
        IEnumerable<(TKey Key, TState State)>? initialState = null,
        int? partitions = null)
    {
        ArgumentNullException.ThrowIfNull(state);
        return stream.MapWithState(state.With(StateSpec.Function(function), initialState, partitions));
    }

    /// <summary>As the other overloads, with function and settings in one object, which several streams may use.</summary>
    /// <param name="stream">The pairs.</param>
    /// <param name="spec">Function, initial states, time-out.</param>
    /// <exception cref="ArgumentException">Keys or states hold groups, or texts in classes or arrays, which end with
    /// their batch.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The spec's number of partitions is not 1 to 1024.</exception>
    public static MapWithStateStream<TKey, TState, TMapped> MapWithState<TKey, TValue, TState, TMapped>(
        this DStream<(TKey Key, TValue Value)> stream, StateSpec<TKey, TValue, TState, TMapped> spec)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(spec);
        int partitions = stream.PartitionsOr(spec.Partitions);
        StateChecks.ThrowIfEndsWithBatch<TKey>("A key");
        StateChecks.ThrowIfEndsWithBatch<TState>("A state");
        return new MapWithStateStream<TKey, TValue, TState, TMapped>(stream.ExchangeByKey(partitions), spec);
    }
}

/// <summary>
/// The stream of <c>MapWithState</c>: the records that its function returned in a batch, with access to its states.
/// </summary>
/// <typeparam name="TKey">The key.</typeparam>
/// <typeparam name="TState">The state of a key.</typeparam>
/// <typeparam name="TMapped">What the function returns.</typeparam>
public abstract class MapWithStateStream<TKey, TState, TMapped> : DStream<TMapped>
{
    private protected MapWithStateStream(DStream parent, DStream? original, string operatorName)
        : base(parent.Context, operatorName, parent)
    {
        Original = original;
    }

    internal override DStream? Original { get; }

    internal override bool IsTolerant => Original is not null;

    /// <summary>The stream of all keys with their states after each batch. Its cost grows with the number of keys.</summary>
    public DStream<(TKey Key, TState State)> StateSnapshots() => new StateSnapshotsStream<TKey, TState, TMapped>(this);

    private protected abstract TimeSpan? IdleTime { get; }

    /// <summary>The states of one partition of a graph, which the operators of both streams share.</summary>
    internal KeyedStates<TKey, TState> States(GraphBuilder graph, int partition) =>
        graph.Shared(this, partition, () => new KeyedStates<TKey, TState>(
        IdleTime, graph.Stores is { } stores
            ? new ColdStates<TKey, TState>(stores.Add($"{Name}, partition {partition}"), stores.Serializers) : null));
}

/// <param name="parent">The pairs, each in its key's partition.</param>
/// <param name="spec">Function, initial states, time-out.</param>
/// <param name="original">The stream without an error policy that this one, which has one, replaces; otherwise null.</param>
internal sealed class MapWithStateStream<TKey, TValue, TState, TMapped>(
    DStream<(TKey Key, TValue Value)> parent, StateSpec<TKey, TValue, TState, TMapped> spec, DStream? original = null)
    : MapWithStateStream<TKey, TState, TMapped>(parent, original, spec.OperatorName), ITolerant<TMapped>,
        IHasRecordErrors<(TKey Key, TValue Value)>
{
    public Type RecordType => typeof((TKey Key, TValue Value));

    public DStream<TMapped> Tolerate() => new MapWithStateStream<TKey, TValue, TState, TMapped>(parent, spec, original: this);

    public RecordErrors<(TKey Key, TValue Value)> Errors(GraphBuilder graph, int partition) =>
        graph.Shared(this, partition, () => new RecordErrors<(TKey Key, TValue Value)>(Name));

    private protected override TimeSpan? IdleTime => spec.IdleTime;

    internal override bool GivesEarlier => IdleTime is not null;

    protected internal override void Connect(GraphBuilder graph, Operator<TMapped>[] outputs)
    {
        List<(TKey Key, TState State)>[] initial = InitialStates.ByPartition(spec.Initial, outputs.Length, graph.Salt);
        Operator<(TKey Key, TValue Value)>[] operators = [.. outputs.Select((output, partition) =>
        {
            KeyedStates<TKey, TState> states = graph.Own(States(graph, partition));
            RecordErrors<(TKey Key, TValue Value)>? errors = IsTolerant ? Errors(graph, partition) : null;
            return LoopSpecializer.Of(spec.UserFunction)
                .Create(new Factory(spec, states, initial[partition], errors, MadeInput.For(this, graph), output));
        })];
        graph.AddSection(this, serializers => graph.Stores is { } stores
            ? new StoredStateSnapshot<TKey, TState>(this, [.. operators.Cast<IStoredStates>()], stores, graph.Salt)
            : new KeyedStateSnapshot<TKey, TState>(this, [.. operators.Cast<ISavedKeys<TKey, TState>>()], serializers, graph.Salt));
        graph.AddStates(new ReadableStates<TKey, TState>(this, [.. operators.Cast<IReadableStates<TKey, TState>>()], graph.Salt));
        for (int partition = 0; partition < operators.Length && spec.IdleTime is not null; partition++)
        {
            KeyedStates<TKey, TState> states = States(graph, partition);
            var stateful = (IStateful)operators[partition];
            graph.Due.Add(after =>
            {
                stateful.AcceptPending();
                return NextTimeOut(states, after);
            });
        }

        graph.Attach(parent, this, partition => operators[partition]);
    }

    // The first batch that is more than the idle time later than a key was touched.
    private BatchTime? NextTimeOut(KeyedStates<TKey, TState> states, BatchTime after)
    {
        TimeSpan millisecond = TimeSpan.FromMilliseconds(1);
        return states.NextTimeOut() is { } due ? ((due > after ? due - millisecond : after).Floor(Slide, Context.ZeroTime) + Slide) : null;
    }

    private sealed class Factory(
        StateSpec<TKey, TValue, TState, TMapped> spec, KeyedStates<TKey, TState> states, List<(TKey Key, TState State)> initial,
        RecordErrors<(TKey Key, TValue Value)>? errors, MadeInput? made, Operator<TMapped> next)
        : ISpecializedFactory<(TKey Key, TValue Value)>
    {
        public Operator<(TKey Key, TValue Value)> Create<TMarker>()
            where TMarker : struct =>
                new MapWithStateOperator<TKey, TValue, TState, TMapped, TMarker>(spec, states, initial, next, errors, made);
    }
}

/// <summary>Calls the function for each record, and at the end of the batch for each key that times out.</summary>
internal sealed class MapWithStateOperator<TKey, TValue, TState, TMapped, TMarker>(
    StateSpec<TKey, TValue, TState, TMapped> spec, KeyedStates<TKey, TState> states, List<(TKey Key, TState State)> initial,
    Operator<TMapped> next, RecordErrors<(TKey Key, TValue Value)>? errors = null, MadeInput? made = null)
    : StatefulOperator<(TKey Key, TValue Value), TMapped>(next), ISavedKeys<TKey, TState>, IStoredStates, IReadableStates<TKey, TState>
    where TMarker : struct
{
    private readonly int[] _numbers = new int[RecordBuffer.SpanRecords];
    private readonly State<TState> _state = new();
    private BatchTime _time;   // of the batch that runs
    private readonly Func<BatchTime, TKey, Optional<TValue>, State<TState>, Optional<TMapped>> _call = spec.Call;

    /// <inheritdoc/>
    public bool HasBegun => states.HasBegun;

    /// <inheritdoc/>
    public IEnumerable<SavedKey<TKey, TState>> Saved()
    {
        AcceptPending();
        return states.Saved();
    }

    /// <inheritdoc/>
    public void Restore(IEnumerable<SavedKey<TKey, TState>> keys) => states.Restore(keys);

    /// <inheritdoc/>
    public StoredShard Shard => states.Shard!;

    /// <inheritdoc/>
    public ColdTimers? Timers => states.ColdTimers;

    /// <inheritdoc/>
    public void Flush(StoredChanges changes)
    {
        AcceptPending();
        states.Flush(changes);
    }

    /// <inheritdoc/>
    public void BeginFromStore(bool hasBegun) => states.BeginFromStore(hasBegun);

    /// <inheritdoc/>
    public void Move(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => states.Move(key, value);

    /// <inheritdoc/>
    public long CountStates()
    {
        AcceptPending();
        return states.CountStates();
    }

    /// <inheritdoc/>
    public Optional<TState> FindState(TKey key)
    {
        AcceptPending();
        return states.FindState(in key);
    }

    /// <inheritdoc/>
    public void VisitStates(Action<TKey, TState> visit)
    {
        AcceptPending();
        states.VisitStates(visit);
    }

    public override void OnRecords(ReadOnlySpan<(TKey Key, TValue Value)> items)
    {
        made?.Add();
        states.Locate<(TKey Key, TValue Value), PairKey<TKey, TValue>>(items, _numbers);
        if (errors is null)
        {
            Update(items);
        }
        else
        {
            UpdateAndCountErrors(items, errors);
        }
    }

    public override void OnBatchEnd(BatchContext batch)
    {
        if (spec.IdleTime is not null)
        {
            TimeOut(batch.Time);
        }

        made?.EndBatch();
        _state.Unbind();
        states.HoldFor(batch);
        base.OnBatchEnd(batch);
        errors?.EndBatch(batch);
    }

    protected override void PassStart(BatchContext batch)
    {
        _time = batch.Time;
        states.Begin(initial, _time);
        states.OpenDue(_time);
        base.PassStart(batch);
    }

    protected override void Accept() => states.Accept(_time);

    protected override void Undo()
    {
        errors?.Clear();
        made?.Reset();
        states.Undo();
        _state.Unbind();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Update(ReadOnlySpan<(TKey Key, TValue Value)> items)
    {
        BatchTime time = _time;
        KeyedTable<TKey, KeyedState<TState>>.Walker entries = states.GetCursor();
        for (int i = 0; i < items.Length; i++)
        {
            ref KeyedState<TState> entry = ref entries.ValueAt(_numbers[i]);
            _state.Bind(entry.State, entry.Exists, isTimingOut: false);
            Apply(_call(time, items[i].Key, items[i].Value, _state), ref entry, time);
        }
    }

    // A call that fails has changed no state, because states change after the call. It does not touch the key either:
    // the key's time-out continues.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void UpdateAndCountErrors(ReadOnlySpan<(TKey Key, TValue Value)> items, RecordErrors<(TKey Key, TValue Value)> errors)
    {
        BatchTime time = _time;
        KeyedTable<TKey, KeyedState<TState>>.Walker entries = states.GetCursor();
        for (int i = 0; i < items.Length; i++)
        {
            ref KeyedState<TState> entry = ref entries.ValueAt(_numbers[i]);
            _state.Bind(entry.State, entry.Exists, isTimingOut: false);
            Optional<TMapped> mapped;
            try
            {
                mapped = _call(time, items[i].Key, items[i].Value, _state);
            }
            catch (Exception error) when (RecordErrors<(TKey Key, TValue Value)>.Takes(error))
            {
                errors.Add(items[i], error);
                continue;
            }

            Apply(mapped, ref entry, time);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Apply(Optional<TMapped> mapped, ref KeyedState<TState> entry, BatchTime time)
    {
        if (_state.IsUpdated)
        {
            states.Set(ref entry, _state.Value, time);
        }
        else if (_state.IsRemoved)
        {
            states.Unset(ref entry);
        }
        else if (spec.IdleTime is not null && entry.Exists)
        {
            entry.TouchedMs = time.Milliseconds;
        }

        if (mapped.HasValue)
        {
            Output.Add(mapped.Value);
        }
    }

    private void TimeOut(BatchTime time)
    {
        foreach (int number in states.Idle(time))
        {
            _state.Bind(states.StateOf(number), exists: true, isTimingOut: true);
            Optional<TMapped> mapped;
            try
            {
                mapped = _call(time, states.KeyAt(number), Optional<TValue>.None, _state);
            }
            catch (Exception error) when (errors is not null && RecordErrors<(TKey Key, TValue Value)>.Takes(error))
            {
                // The key keeps its state, so that nothing is lost: the next batch calls the function again.
                errors.AddCall(error);
                continue;
            }

            states.Unset(ref states.Change(number));
            if (mapped.HasValue)
            {
                Output.Add(mapped.Value);
            }
        }
    }
}
