namespace FastStream.Runtime;

/// <summary>
/// Checks the type of keys when a keyed operator is described, and at run time the objects in keys where the type does
/// not say what they are.
/// </summary>
internal static class KeyCheck
{
    /// <summary>
    /// The same pairs; checked at run time where only the objects show whether keys are compared by reference.
    /// </summary>
    /// <exception cref="ArgumentException">Keys are, or hold, arrays or delegates: no two of them are ever equal.</exception>
    public static DStream<(TKey Key, TValue Value)> WithFitKeys<TKey, TValue>(this DStream<(TKey Key, TValue Value)> stream)
    {
        ThrowIfUnfit<TKey>(stream.Context);
        return KeyTypes<TKey>.AreOpen ? new KeyTypesStream<(TKey Key, TValue Value), TKey, PairKey<TKey, TValue>>(stream) : stream;
    }

    /// <summary>As <see cref="WithFitKeys"/>, for records that are their own keys.</summary>
    /// <exception cref="ArgumentException">Records are, or hold, arrays or delegates: no two of them are ever equal.</exception>
    public static DStream<T> FitAsKeys<T>(this DStream<T> stream)
    {
        ThrowIfUnfit<T>(stream.Context);
        return KeyTypes<T>.AreOpen ? new KeyTypesStream<T, T, WholeKey<T>>(stream) : stream;
    }

    /// <summary>The warning about an object found in a key; null if it is compared by value.</summary>
    public static string? WarningOf(Type key, Type found)
    {
        string keys = key == found ? $"{key}" : $"{key}, with a {found} in them,";
        return KeyEquality.NeverEqual(found) is { } never
            ? $"Keys of {keys} arrived: two objects of {never} are equal only where they are, or lie in, the same one, "
                + $"so that every record is a key of its own. {WayOut}"
            : KeyEquality.ByReference(found) is { } byReference
                ? $"Keys of {keys} arrived, and are compared by reference, as {byReference} has no Equals of its own: {TwoKeys}" : null;
    }

    private const string WayOut = "Give a key with an equality by value: a string, a Utf8Text, a number, a tuple or a record of such.";

    private const string TwoKeys = "two objects with the same content are two keys. Make it a record, or override Equals and GetHashCode.";

    private static void ThrowIfUnfit<TKey>(StreamingContext context)
    {
        if (KeyEquality.NeverEqual(typeof(TKey)) is { } never)
        {
            throw new ArgumentException(
                $"Keys of {typeof(TKey)} were given, and two objects of {never} are equal only where they are, or "
                    + $"lie in, the same one, so that every record would be a group of its own. {WayOut}");
        }

        if (KeyEquality.ByReference(typeof(TKey)) is { } byReference)
        {
            context.WarnAtStart($"Keys of {typeof(TKey)} are compared by reference, as {byReference} has no Equals of its own: {TwoKeys}");
        }
    }
}
