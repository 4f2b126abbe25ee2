namespace FastStream;

/// <summary>Numbers the different keys of a batch, from 0, in the order in which they come.</summary>
internal sealed class KeyNumbers<TKey>
{
    private readonly KeyTable<TKey, int> _numbers = new();
    private readonly uint[] _hashes = new uint[RecordBuffer.SpanRecords];

    /// <summary>Number of keys.</summary>
    public int Count => _numbers.Count;

    /// <summary>The key of a number.</summary>
    public ref readonly TKey this[int number] => ref _numbers.KeyAt(number);

    /// <summary>Adds the values of a span of pairs to the groups of their keys.</summary>
    public void AddTo<TValue>(GroupBuilder<TValue> builder, ReadOnlySpan<(TKey Key, TValue Value)> items)
    {
        KeyTable<TKey, int> numbers = _numbers;
        Span<uint> hashes = _hashes.AsSpan(0, items.Length);
        numbers.Prepare<(TKey Key, TValue Value), PairKey<TKey, TValue>>(items, hashes);
        KeyTable<TKey, int>.Probe probe = numbers.Walk();
        builder.Extend(items.Length, out Span<TValue> values, out Span<int> groups);
        for (int i = 0; i < items.Length; i++)
        {
            ref readonly (TKey Key, TValue Value) item = ref items[i];
            ref int number = ref probe.GetOrAdd(hashes[i], in item.Key, out bool exists);
            if (!exists)
            {
                number = numbers.Count - 1;
            }

            groups[i] = number;
            values[i] = item.Value;
        }
    }

    /// <summary>Forgets all keys.</summary>
    public void Clear() => _numbers.Clear();
}
