using System.Runtime.CompilerServices;

namespace FastStream.Runtime;

/// <summary>
/// Selects the key of a record. Implemented by structs, so that loops over pairs and over plain keys share their source
/// and are compiled separately.
/// </summary>
internal interface IKeyOf<TItem, TKey>
{
    static abstract ref readonly TKey Of(in TItem item);
}

/// <summary>The key of a pair.</summary>
internal readonly struct PairKey<TKey, TValue> : IKeyOf<(TKey Key, TValue Value), TKey>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ref readonly TKey Of(in (TKey Key, TValue Value) item) => ref item.Key;
}

/// <summary>A record that is its own key.</summary>
internal readonly struct WholeKey<TKey> : IKeyOf<TKey, TKey>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ref readonly TKey Of(in TKey item) => ref item;
}
