using System.Numerics;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace FastStream;

/// <summary>The hash by which keys find their slot and their partition: 32 well-mixed bits, with a secret of the process, so that nobody outside can aim keys at one slot.</summary>
/// <remarks>Multiply and fold, as in wyhash (https://github.com/wangyi-fudan/wyhash). Equal keys have equal hashes within one process only: never store one.</remarks>
internal static class KeyHash
{
    private static readonly ulong Secret1 = NewSecret();
    private static readonly ulong Secret2 = NewSecret();
    private static readonly ulong Secret3 = NewSecret();

    /// <summary>The hash of a key; 0-mixed for null.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Of<TKey>(in TKey key)
    {
        // The tests on TKey are constants for value types: the JIT keeps one branch.
        if (typeof(TKey) == typeof(Utf8Text))
        {
            return Unsafe.As<TKey, Utf8Text>(ref Unsafe.AsRef(in key)).Hash();
        }

        if (typeof(TKey) == typeof(long) || typeof(TKey) == typeof(ulong))
        {
            return Fold(Unsafe.As<TKey, ulong>(ref Unsafe.AsRef(in key)), 0);
        }

        if (typeof(TKey) == typeof(int) || typeof(TKey) == typeof(uint))
        {
            return Fold(Unsafe.As<TKey, uint>(ref Unsafe.AsRef(in key)), 0);
        }

        return key is null ? 0 : Fold((uint)key.GetHashCode(), 0);
    }

    /// <summary>The hashes of many keys.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void OfAll<TKey, TValue>(ReadOnlySpan<(TKey Key, TValue Value)> items, Span<uint> hashes)
    {
        if (typeof(TKey) == typeof(Utf8Text))
        {
            // Short texts first, in a loop without a call; the long ones, if there are any, again.
            bool anyLong = false;
            for (int i = 0; i < items.Length && i < hashes.Length; i++)
            {
                ref readonly Utf8Text text = ref Unsafe.As<TKey, Utf8Text>(ref Unsafe.AsRef(in items[i].Key));
                hashes[i] = text.HashAsShort();
                anyLong |= text.IsLong;
            }

            if (!anyLong)
            {
                return;
            }
        }

        for (int i = 0; i < items.Length && i < hashes.Length; i++)
        {
            hashes[i] = Of(in items[i].Key);
        }
    }

    /// <summary>Mixes two words into 32 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Fold(ulong low, ulong high)
    {
        // Three plain multiplications instead of one of double width, whose second half .NET returns through memory.
        ulong mixed = ((low ^ Secret1) * Secret2) ^ BitOperations.RotateLeft((high ^ Secret2) * Secret1, 32);
        return (uint)(((mixed ^ (mixed >> 32)) * Secret3) >> 32);
    }

    /// <summary>Mixes two words into 64 bits, for hashes of longer data.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Mix(ulong low, ulong high)
    {
        ulong upper = Math.BigMul(low ^ Secret1, high ^ Secret2, out ulong lower);
        return upper ^ lower;
    }

    /// <summary>The partition that owns a hash. Uses the upper bits; tables use the lower ones, so that a partition's keys still fill its table evenly.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Partition(uint hash, int partitions) => (int)(((ulong)hash * (uint)partitions) >> 32);

    private static ulong NewSecret()
    {
        Span<byte> bytes = stackalloc byte[8];
        RandomNumberGenerator.Fill(bytes);
        return BitConverter.ToUInt64(bytes) | 1;
    }
}
