using System.Runtime.CompilerServices;

namespace FastStream.Runtime;

/// <summary>
/// The hash by which keys find their slot in a table: 32 well-mixed bits, with a secret of the process, so that no
/// outsider can choose keys for one slot.
/// </summary>
/// <remarks>
/// <see cref="WordHash"/> mixes the bits. Equal keys have equal hashes within one process only: never store one.
/// <see cref="PartitionHash"/> says which partition owns a key.
/// </remarks>
internal static class KeyHash
{
    /// <summary>The hash of a key; 0 for null.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Of<TKey>(in TKey key) => Of(in key, default(ProcessSecret));

    /// <summary>The hash of a key with a secret of its own; 0 for null.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Of<TKey, TMixer>(in TKey key, in TMixer mixer)
        where TMixer : struct, IKeyMixer
    {
        // The tests of TKey are constants for value types: the JIT keeps one branch.
        if (typeof(TKey) == typeof(Utf8Text))
        {
            return Unsafe.As<TKey, Utf8Text>(ref Unsafe.AsRef(in key)).Hash(in mixer);
        }

        if (typeof(TKey) == typeof(long) || typeof(TKey) == typeof(ulong))
        {
            return mixer.Fold(Unsafe.As<TKey, ulong>(ref Unsafe.AsRef(in key)), 0);
        }

        if (typeof(TKey) == typeof(int) || typeof(TKey) == typeof(uint))
        {
            return mixer.Fold(Unsafe.As<TKey, uint>(ref Unsafe.AsRef(in key)), 0);
        }

        if (KeyFields<TKey>.AreKnown)
        {
            return KeyFields<TKey>.Hash(in key, in mixer);
        }

        if (typeof(TKey) == typeof(string))
        {
            return Unsafe.As<TKey, string?>(ref Unsafe.AsRef(in key)) is { } text ? mixer.Fold(mixer.OfString(text), 0) : 0;
        }

        return key is null ? 0 : mixer.Fold((uint)key.GetHashCode(), 0);
    }
}
