namespace FastStream;

/// <summary>Looks at the type of keys when a keyed operator is described.</summary>
internal static class KeyCheck
{
    /// <exception cref="ArgumentException">Keys are, or hold, arrays or delegates: no two of them are ever equal.</exception>
    public static void ThrowIfUnfit<TKey>(StreamingContext context)
    {
        if (KeyEquality.NeverEqual(typeof(TKey)) is { } never)
        {
            throw new ArgumentException(
                $"Keys of {typeof(TKey)} were given, and two objects of {never} are equal only where they are the same object, so that every record would be a group of its own. "
                + "Give a key with an equality by value: a string, a Utf8Text, a number, a tuple or a record of such.");
        }

        if (KeyEquality.ByReference(typeof(TKey)) is { } byReference)
        {
            context.WarnAtStart(
                $"Keys of {typeof(TKey)} are compared by reference, as {byReference} has no Equals of its own: two objects with the same content are two keys. Make it a record, or override Equals and GetHashCode.");
        }
    }
}
