namespace FastStream;

/// <summary>Refuses, while describing, what would read memory that has gone back to the pool.</summary>
internal static class LifetimeCheck
{
    /// <summary>Throws if the record is a text of its batch, or a pair or other generic type of one. Texts inside of user types cannot be seen from here.</summary>
    public static void ThrowIfRecordsEndWithBatch<T>(string output)
    {
        if (Holds(typeof(T)))
        {
            throw new ArgumentException(
                $"{output} hands records on that outlive their batch, and {typeof(T)} holds a Utf8Text, whose bytes end with the batch. Make strings of the texts first: Map(text => text.ToString()).");
        }
    }

    private static bool Holds(Type type) =>
        type == typeof(Utf8Text) || (type.IsGenericType && type.GetGenericArguments().Any(Holds));
}
