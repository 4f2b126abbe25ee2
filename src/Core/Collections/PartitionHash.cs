using System.Runtime.CompilerServices;

namespace FastStream.Runtime;

/// <summary>
/// The hash that determines which partition owns a key: 32 well-mixed bits, the same in every process with the job's
/// salt.
/// </summary>
/// <remarks>
/// It is separate from the tables' hash (<see cref="KeyHash"/>), so that a partition's keys fill its tables evenly, and
/// so that checkpoints and other processes can know the owner of a key. See docs/decisions/0027-key-groups.md.
/// </remarks>
internal static class PartitionHash
{
    /// <summary>
    /// Whether another process gives a key the same hash: true for numbers, texts, strings, and structs of these that
    /// are compared by their fields. Other keys are hashed by their own <c>GetHashCode</c>, which may differ in another
    /// process.
    /// </summary>
    public static bool IsStable<TKey>() =>
        typeof(TKey) == typeof(Utf8Text) || typeof(TKey) == typeof(string) || IsNumber<TKey>() || KeyFields<TKey>.AreKnown;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Of<TKey>(in TKey key, in KeySalt salt) => KeyHash.Of(in key, in salt);

    private static bool IsNumber<TKey>() =>
        typeof(TKey) == typeof(long) || typeof(TKey) == typeof(ulong) || typeof(TKey) == typeof(int) || typeof(TKey) == typeof(uint);
}
