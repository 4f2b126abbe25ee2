namespace FastStream;

/// <summary>Refuses, while describing, what would read memory that has gone back to the pool.</summary>
internal static class LifetimeCheck
{
    /// <summary>Throws if the record is a text or a group of its batch, or a pair, array or other generic type of one. What is inside of user types cannot be seen from here.</summary>
    public static void ThrowIfRecordsEndWithBatch<T>(string output)
    {
        if (Holds(typeof(T), typeof(Utf8Text)))
        {
            throw new ArgumentException(
                $"{output} hands records on that outlive their batch, and {typeof(T)} holds a Utf8Text, whose bytes end with the batch. Make strings of the texts first: Map(text => text.ToString()).");
        }

        if (Holds(typeof(T), typeof(Group<>)))
        {
            throw new ArgumentException(
                $"{output} hands records on that outlive their batch, and {typeof(T)} holds a Group, whose values end with the batch. Make arrays of the groups first: MapValues(group => group.ToArray()).");
        }
    }

    private static bool Holds(Type type, Type sought) =>
        type == sought
        || (type.IsGenericType && (type.GetGenericTypeDefinition() == sought || type.GetGenericArguments().Any(argument => Holds(argument, sought))))
        || (type.IsArray && Holds(type.GetElementType()!, sought));
}
