namespace FastStream;

/// <remarks>
/// Reads states for queries from outside, between batches, when the last one has been accepted: the table, and what
/// only the store has. Nothing moves between the two meanwhile.
/// </remarks>
internal sealed partial class KeyedStates<TKey, TState>
{
    /// <summary>Number of keys that have a state. Scans the store, if there is one.</summary>
    public long CountStates()
    {
        if (cold is null)
        {
            return _table.Count;   // a key without a state has left with the last batch
        }

        long count = 0;
        for (int number = 0; number < _table.End; number++)
        {
            count += _table.ValueAt(number).Exists ? 1 : 0;
        }

        cold.ReadAll((key, _) => count += IsInTable(in key) ? 0 : 1);
        return count;
    }

    /// <summary>A key's state. Its texts are valid until the next call.</summary>
    public Optional<TState> FindState(in TKey key)
    {
        int number = _table.Find(KeyHash.Of(in key), in key);
        if (number >= 0)
        {
            ref KeyedState<TState> entry = ref _table.ValueAt(number);
            return entry.Exists ? entry.State : Optional<TState>.None;
        }

        return cold?.Find(in key) ?? Optional<TState>.None;
    }

    /// <summary>Calls <paramref name="visit"/> for each key that has a state. Texts are valid during the call.</summary>
    public void VisitStates(Action<TKey, TState> visit)
    {
        for (int number = 0; number < _table.End; number++)
        {
            ref KeyedState<TState> entry = ref _table.ValueAt(number);
            if (entry.Exists)
            {
                visit(_table.KeyAt(number), entry.State);
            }
        }

        cold?.Visit(key => IsInTable(in key), visit);
    }

    private bool IsInTable(in TKey key) => _table.Find(KeyHash.Of(in key), in key) >= 0;
}
