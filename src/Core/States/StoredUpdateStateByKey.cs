namespace FastStream;

/// <summary>
/// The operator of <c>UpdateStateByKey</c> for states in a store: reads the states of the batch's keys together, then
/// scans all others.
/// </summary>
/// <remarks>
/// <code>
/// batch    values by key → read the keys' states → function → change, record
///          scan of the store: keys without values → function → change if the bytes differ, record
/// accept   changes → store
/// </code>
/// Changes wait as bytes until the next batch begins; a state whose bytes stay the same costs no write. Nothing else of
/// the states is in memory, except what the store itself keeps there.
/// </remarks>
internal sealed class StoredUpdateStateByKeyOperator<TKey, TValue, TState, TMarker>(
    TimedStateUpdate<TKey, TValue, TState> update, ColdStates<TKey, TState> states,
    List<(TKey Key, TState State)> initialState, Operator<(TKey Key, TState Value)> next,
    RecordErrors<(TKey Key, TValue Value)>? errors, MadeInput? made)
    : KeyUpdateOperator<TKey, TValue, TState>(update, next, errors, made), IStoredStates, IReadableStates<TKey, TState>
    where TMarker : struct
{
    private readonly StoredChanges _changes = new();
    private readonly (bool IsThere, byte[] Bytes, int Length)[] _found = new (bool, byte[], int)[RecordBuffer.SpanRecords];
    private ArenaLease? _lease;    // of the texts of the batch's records
    private bool _hasBegun;

    /// <inheritdoc/>
    public StoredShard Shard => states.Shard;

    /// <inheritdoc/>
    public bool HasBegun => _hasBegun;

    /// <inheritdoc/>
    public ColdTimers? Timers => null;

    /// <inheritdoc/>
    public void Flush(StoredChanges changes)
    {
        Begin();
        AcceptPending();   // which applies the changes to the store
    }

    /// <inheritdoc/>
    public void BeginFromStore(bool hasBegun) => _hasBegun = hasBegun;

    /// <inheritdoc/>
    public void Move(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => Shard.Write(key, value);

    /// <inheritdoc/>
    public long CountStates()
    {
        AcceptPending();
        return states.Count();
    }

    /// <inheritdoc/>
    public Optional<TState> FindState(TKey key)
    {
        AcceptPending();
        return states.Find(in key);
    }

    /// <inheritdoc/>
    public void VisitStates(Action<TKey, TState> visit)
    {
        AcceptPending();
        states.Visit(_ => false, visit);
    }

    protected override void UpdateAll(BatchContext batch)
    {
        if (RecordTexts<TKey>.Any || RecordTexts<TState>.Any)
        {
            _lease = new ArenaLease();
            batch.Keep(_lease.Retain());
        }

        Values.Build(batch, Keys.End);
        for (int first = 0; first < Keys.End; first += RecordBuffer.SpanRecords)
        {
            UpdateWithValues(batch.Time, first, Math.Min(RecordBuffer.SpanRecords, Keys.End - first));
        }

        UpdateOthers(batch.Time);
        Values.Clear();
    }

    protected override void EndBatch() => EndTexts();

    protected override void PassStart(BatchContext batch)
    {
        Begin();
        base.PassStart(batch);
    }

    protected override void Accept()
    {
        if (_changes.Bytes > 0)
        {
            Shard.Apply(_changes);
        }

        ForgetKeys();
    }

    protected override void UndoStates()
    {
        _changes.Clear();
        EndTexts();
        ForgetKeys();
    }

    // Once, before the first checkpoint.
    private void Begin()
    {
        if (!_hasBegun)
        {
            _hasBegun = true;
            foreach ((TKey key, TState state) in initialState)
            {
                states.Write(in key, in state, touchedMs: 0, isFiled: false);
            }
        }
    }

    private void UpdateWithValues(BatchTime time, int first, int count)
    {
        for (int i = 0; i < count; i++)
        {
            states.Ask(in Keys.KeyAt(first + i));
            _found[i].IsThere = false;
        }

        states.Read((index, value) =>
        {
            ref (bool IsThere, byte[] Bytes, int Length) found = ref _found[index];
            if (found.Bytes is null || found.Bytes.Length < value.Length)
            {
                found.Bytes = new byte[value.Length];
            }

            value.CopyTo(found.Bytes);
            (found.IsThere, found.Length) = (true, value.Length);
        });
        for (int i = 0; i < count; i++)
        {
            TKey key = Keys.KeyAt(first + i);
            ReadOnlySpan<byte> before = _found[i].IsThere ? _found[i].Bytes.AsSpan(0, _found[i].Length) : default;
            UpdateOne(time, key, Values.ValuesOf(first + i), before);
        }
    }

    private void UpdateOthers(BatchTime time) => states.ReadAll((key, value) =>
    {
        if (Keys.Count == 0 || Keys.Find(KeyHash.Of(in key), in key) < 0)
        {
            if (_lease is not null)
            {
                RecordTexts<TKey>.Copy(ref key, Texts, _lease);
            }

            UpdateOne(time, key, [], value.Span);
        }
    });

    private void UpdateOne(BatchTime time, TKey key, ReadOnlySpan<TValue> values, ReadOnlySpan<byte> before)
    {
        Optional<TState> state = default;
        if (!before.IsEmpty)
        {
            TState read = states.StateOf(before, out _, out _);
            KeepTexts(ref read);
            state = read;
        }

        Optional<TState> updated = Update(time, key, values, state);
        if (!updated.HasValue)
        {
            if (!before.IsEmpty)
            {
                states.Delete(_changes, in key);
            }

            return;
        }

        TState value = updated.Value;
        Finder?.ThrowIfIn(value, "A state");
        KeepTexts(ref value);
        ReadOnlySpan<byte> bytes = states.ValueBytes(in value, touchedMs: 0, isFiled: false);
        if (!bytes.SequenceEqual(before))
        {
            _changes.Write(states.KeyBytes(in key), bytes);
        }

        Output.Add((key, value));
    }

    private void KeepTexts(ref TState state)
    {
        if (_lease is not null)
        {
            RecordTexts<TState>.Copy(ref state, Texts, _lease);
        }
    }

    private void EndTexts()
    {
        _lease?.Dispose();
        _lease = null;
    }

    // The table serves one batch only.
    private void ForgetKeys()
    {
        for (int number = Keys.End - 1; number >= 0; number--)
        {
            Keys.Remove(number);
        }

        Added.Clear();
    }
}
