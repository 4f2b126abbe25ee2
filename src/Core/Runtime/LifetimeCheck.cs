using System.Runtime.CompilerServices;

namespace FastStream.Runtime;

/// <summary>
/// Refuses records that would be read after their memory has returned to the pool: by their type at description, by
/// their content when they are passed on.
/// </summary>
internal static class LifetimeCheck
{
    /// <summary>
    /// Throws if the record type is, or contains, a text or a group of its batch: in its fields, in the fields of their
    /// declared types, as an element or as a type argument.
    /// </summary>
    public static void ThrowIfRecordsEndWithBatch<T>(string output)
    {
        if (Holds<T>(typeof(Utf8Text)))
        {
            throw new ArgumentException(
                $"{output} passes on records that outlive their batch, and {typeof(T)} holds a Utf8Text, whose bytes end with the batch. "
                + "Make strings of the texts first: Map(text => text.ToString()).");
        }

        if (Holds<T>(typeof(Group<>)))
        {
            throw new ArgumentException(
                $"{output} passes on records that outlive their batch, and {typeof(T)} holds a Group, whose values end with the batch. "
                + "Make arrays of the groups first: MapValues(group => group.ToArray()).");
        }
    }

    /// <summary>
    /// Throws if one of a batch's records contains a text or a group that its type does not show. Called before the
    /// first record is passed on.
    /// </summary>
    public static void ThrowIfTextIsHidden<T>(Batch<T> batch)
    {
        if (HiddenTexts<T>.NewFinder() is { } finder)
        {
            foreach (T record in batch)
            {
                finder.ThrowIfIn(in record, "A record");
            }
        }
    }

    private static bool Holds<T>(Type sought) => IsArgument(typeof(T), sought) || IsInFields(typeof(T), sought);

    private static bool IsArgument(Type type, Type sought) =>
        type == sought
        || (type.IsGenericType
            && (type.GetGenericTypeDefinition() == sought || type.GetGenericArguments().Any(argument => IsArgument(argument, sought))))
        || (type.IsArray && IsArgument(type.GetElementType()!, sought));

    // Compiled ahead of time, every struct counts as one that may contain something: no struct is refused for that
    // alone.
    private static bool IsInFields(Type type, Type sought) =>
        (sought == typeof(Utf8Text) && RecordFields.TextPaths(type).Count > 0)
        || (RuntimeFeature.IsDynamicCodeSupported && RecordFields.Unreachable(type) is { } inside && IsArgument(inside, sought));
}
