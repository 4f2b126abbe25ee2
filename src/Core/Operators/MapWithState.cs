using System.Runtime.CompilerServices;

namespace FastStream;

/// <summary>A state for every key, touched only where records come.</summary>
public static class MapWithStateExtensions
{
    /// <summary>
    /// What a function gives for every record, called with the record's key, value and the key's state; a later record of the same batch sees what an earlier one changed. The cost
    /// grows with the batch, not with the number of keys.
    /// </summary>
    /// <remarks>
    /// What the function throws fails the batch, and all states are as before it: do not change objects in a state, update it with new
    /// ones. Texts in keys and states are copied; one that is found in an object, an open class or a delegate of a key or state fails the
    /// batch.
    /// </remarks>
    /// <example><code>
    /// var running = sizeByUser.MapWithState(StateSpec.Function&lt;string, long, long, (string, long)&gt;((time, key, value, state) =>
    /// {
    ///     if (state.IsTimingOut) return Optional&lt;(string, long)&gt;.None;
    ///     state.Update(state.GetValueOrDefault() + value.GetValueOrDefault());
    ///     return (key, state.Value);
    /// }).Timeout(TimeSpan.FromMinutes(30)));
    /// running.StateSnapshots().Print();
    /// </code></example>
    /// <param name="stream">The pairs.</param>
    /// <param name="spec">Function, initial states, time-out.</param>
    /// <exception cref="ArgumentException">Keys or states hold groups, or texts in classes or arrays: they end with their batch.</exception>
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

/// <summary>What <c>MapWithState</c> gives: the records that its function made in a batch, and a way to its states.</summary>
/// <typeparam name="TKey">The key.</typeparam>
/// <typeparam name="TState">What is kept for a key.</typeparam>
/// <typeparam name="TMapped">What the function gives.</typeparam>
public abstract class MapWithStateStream<TKey, TState, TMapped> : DStream<TMapped>
{
    private protected MapWithStateStream(DStream parent, DStream? original)
        : base(parent.Context, "MapWithState", parent)
    {
        Original = original;
    }

    internal override DStream? Original { get; }

    internal override bool IsTolerant => Original is not null;

    /// <summary>The stream of all keys with their states after each batch. Its cost grows with the number of keys.</summary>
    public DStream<(TKey Key, TState State)> StateSnapshots() => new StateSnapshotsStream<TKey, TState, TMapped>(this);

    private protected abstract bool TimesOut { get; }

    /// <summary>The states of a partition of a graph, for the operators of both streams.</summary>
    internal KeyedStates<TKey, TState> States(GraphBuilder graph, int partition) => graph.Shared(this, partition, () => new KeyedStates<TKey, TState>(TimesOut));
}

/// <param name="parent">The pairs, each in its key's partition.</param>
/// <param name="spec">Function, initial states, time-out.</param>
/// <param name="original">The stream without an error policy that this one, which has one, takes the place of; else null.</param>
internal sealed class MapWithStateStream<TKey, TValue, TState, TMapped>(
    DStream<(TKey Key, TValue Value)> parent, StateSpec<TKey, TValue, TState, TMapped> spec, DStream? original = null)
    : MapWithStateStream<TKey, TState, TMapped>(parent, original), ITolerant<TMapped>, IHasRecordErrors<(TKey Key, TValue Value)>
{
    public Type RecordType => typeof((TKey Key, TValue Value));

    public DStream<TMapped> Tolerate() => new MapWithStateStream<TKey, TValue, TState, TMapped>(parent, spec, original: this);

    public RecordErrors<(TKey Key, TValue Value)> Errors(GraphBuilder graph, int partition) =>
        graph.Shared(this, partition, () => new RecordErrors<(TKey Key, TValue Value)>(Name));

    private protected override bool TimesOut => spec.IdleTime is not null;

    internal override bool GivesEarlier => TimesOut;

    protected internal override void Connect(GraphBuilder graph, Operator<TMapped>[] outputs)
    {
        List<(TKey Key, TState State)>[] initial = InitialStates.ByPartition(spec.Initial, outputs.Length);
        KeyedStates<TKey, TState>[] all = [.. outputs.Select((_, partition) => graph.AddState(States(graph, partition)))];
        graph.AddSection(this, serializers => new KeyedStateSection<TKey, TState>(this, all, serializers));
        if (spec.IdleTime is { } idle)
        {
            foreach (KeyedStates<TKey, TState> states in all)
            {
                graph.Due.Add(after => NextTimeOut(states, idle, after));
            }
        }

        graph.Attach(parent, this, partition =>
        {
            KeyedStates<TKey, TState> states = all[partition];
            RecordErrors<(TKey Key, TValue Value)>? errors = IsTolerant ? Errors(graph, partition) : null;
            return Isolation.Of(spec.UserFunction).Create(new Maker(spec, states, initial[partition], graph.Running, errors, MadeInput.For(this, graph), outputs[partition]));
        });
    }

    // The first batch that comes more than the idle time after the key longest idle was touched.
    private BatchTime? NextTimeOut(KeyedStates<TKey, TState> states, TimeSpan idle, BatchTime after)
    {
        if (states.OldestTouch() is not { } touched)
        {
            return null;
        }

        BatchTime end = touched + idle;
        return (end > after ? end : after).Floor(Slide, Context.ZeroTime) + Slide;
    }

    private sealed class Maker(
        StateSpec<TKey, TValue, TState, TMapped> spec, KeyedStates<TKey, TState> states, List<(TKey Key, TState State)> initial, RunningBatch running,
        RecordErrors<(TKey Key, TValue Value)>? errors, MadeInput? made, Operator<TMapped> next)
        : IIsolated<(TKey Key, TValue Value)>
    {
        public Operator<(TKey Key, TValue Value)> Create<TMarker>()
            where TMarker : struct => new MapWithStateOperator<TKey, TValue, TState, TMapped, TMarker>(spec, states, initial, running, next, errors, made);
    }
}

/// <summary>Calls the function for each record, and at the end for each key whose time is out.</summary>
internal sealed class MapWithStateOperator<TKey, TValue, TState, TMapped, TMarker>(
    StateSpec<TKey, TValue, TState, TMapped> spec, KeyedStates<TKey, TState> states, List<(TKey Key, TState State)> initial, RunningBatch running,
    Operator<TMapped> next, RecordErrors<(TKey Key, TValue Value)>? errors = null, MadeInput? made = null)
    : Operator<(TKey Key, TValue Value), TMapped>(next)
    where TMarker : struct
{
    private readonly int[] _numbers = new int[RecordBuffer.SpanRecords];
    private readonly State<TState> _state = new();
    private readonly Func<BatchTime, TKey, Optional<TValue>, State<TState>, Optional<TMapped>> _call = spec.Call;

    public override void OnBatch(ReadOnlySpan<(TKey Key, TValue Value)> items)
    {
        made?.Add();
        states.Begin(initial, running.Time);
        states.Locate<(TKey Key, TValue Value), PairKey<TKey, TValue>>(items, _numbers);
        if (errors is null)
        {
            Update(items);
        }
        else
        {
            UpdateWhatCan(items, errors);
        }
    }

    public override void OnBatchEnd(BatchScope batch)
    {
        states.Begin(initial, running.Time);
        if (spec.IdleTime is { } idle)
        {
            TimeOut(batch.Time - idle);
        }

        made?.EndBatch();
        _state.Unbind();
        states.HoldFor(batch);
        base.OnBatchEnd(batch);
        errors?.EndBatch(batch);
    }

    public override void Reset()
    {
        errors?.Clear();
        made?.Reset();
        states.Undo();
        _state.Unbind();
        base.Reset();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Update(ReadOnlySpan<(TKey Key, TValue Value)> items)
    {
        BatchTime time = running.Time;
        StateTable<TKey, KeyedState<TState>>.Walker entries = states.Walk();
        for (int i = 0; i < items.Length; i++)
        {
            ref KeyedState<TState> entry = ref entries.ValueAt(_numbers[i]);
            _state.Bind(entry.State, entry.Exists, isTimingOut: false);
            Apply(_call(time, items[i].Key, items[i].Value, _state), ref entry, time);
        }
    }

    // A call that fails has changed no state, as states change after it. It does not touch the key either: the key's time-out goes on.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void UpdateWhatCan(ReadOnlySpan<(TKey Key, TValue Value)> items, RecordErrors<(TKey Key, TValue Value)> errors)
    {
        BatchTime time = running.Time;
        StateTable<TKey, KeyedState<TState>>.Walker entries = states.Walk();
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

    private void TimeOut(BatchTime before)
    {
        BatchTime time = running.Time;
        for (int number = states.FirstIdle(before); number >= 0; number = states.NextIdle(number, before))
        {
            _state.Bind(states.StateOf(number), exists: true, isTimingOut: true);
            Optional<TMapped> mapped;
            try
            {
                mapped = _call(time, states.KeyAt(number), Optional<TValue>.None, _state);
            }
            catch (Exception error) when (errors is not null && RecordErrors<(TKey Key, TValue Value)>.Takes(error))
            {
                // The key keeps its state and its place among the idle: the next batch tries again, and nothing of it is lost meanwhile.
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
