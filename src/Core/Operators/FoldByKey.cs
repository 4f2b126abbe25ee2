using System.Runtime.CompilerServices;

namespace FastStream;

/// <summary>
/// How the records of a key become one value. A struct, so that the JIT compiles the one loop over a table for each
/// kind.
/// </summary>
/// <typeparam name="TItem">The record.</typeparam>
/// <typeparam name="TKey">Its key.</typeparam>
/// <typeparam name="TValue">The value that they become.</typeparam>
internal interface IFold<TItem, TKey, TValue> : IKeyOf<TItem, TKey>
{
    /// <summary>The value of a key's first record.</summary>
    TValue First(in TItem item);

    /// <summary>A value with one more record added.</summary>
    TValue Next(TValue value, in TItem item);
}

/// <summary>
/// Folds the records of each key into one value, and emits the pairs at the end of the batch, in the order in which the
/// keys first occurred.
/// </summary>
/// <remarks>One table lookup for each record, with the slots prefetched.</remarks>
internal sealed class FoldByKeyOperator<TItem, TKey, TValue, TFold>(TFold fold, Operator<(TKey Key, TValue Value)> next)
    : TableByKeyOperator<TItem, TKey, TValue>(next)
    where TFold : struct, IFold<TItem, TKey, TValue>
{
    [MethodImpl(MethodImplOptions.NoInlining)]
    public override void OnRecords(ReadOnlySpan<TItem> items)
    {
        Span<uint> hashes = Hashes(items.Length);
        Table.Prepare<TItem, TFold>(items, hashes);
        for (int i = 0; (i = Fold(fold, Table.GetCursor(), items, hashes, i)) < items.Length; i++)
        {
            FoldSlowly(hashes[i], in items[i]);
        }
    }

    // A loop with no calls but the user's, which the compiler can inline. Returns the index of the first record whose
    // key needs another call.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Fold(TFold fold, KeyTable<TKey, TValue>.Probe probe, ReadOnlySpan<TItem> items, Span<uint> hashes, int from)
    {
        for (int i = from; i < items.Length && i < hashes.Length; i++)
        {
            ref readonly TItem item = ref items[i];
            ref TValue value = ref probe.TryGetOrAdd(hashes[i], in TFold.Of(in item), out bool isNew);
            if (Unsafe.IsNullRef(ref value))
            {
                return i;
            }

            value = isNew ? fold.First(in item) : fold.Next(value, in item);
        }

        return items.Length;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void FoldSlowly(uint hash, in TItem item)
    {
        ref TValue value = ref Table.GetOrAdd(hash, in TFold.Of(in item), out bool exists);
        value = exists ? fold.Next(value, in item) : fold.First(in item);
    }
}
