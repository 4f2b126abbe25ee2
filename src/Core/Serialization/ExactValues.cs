using System.Text.Json.Serialization.Metadata;

namespace FastStream.Serialization;

/// <summary>
/// Checks values while they are written as JSON, for what their declared types do not show: an object of a derived
/// class, a collection of another kind or with a comparer of its own.
/// </summary>
internal static class ExactValues
{
    /// <summary>A modifier of a type's JSON metadata.</summary>
    public static void Watch(JsonTypeInfo info)
    {
        if (info.Kind == JsonTypeInfoKind.Object)
        {
            WriteAlways(info);
        }

        if (info.Type.IsValueType)
        {
            return;
        }

        if (info.Kind is JsonTypeInfoKind.Enumerable or JsonTypeInfoKind.Dictionary)
        {
            Before(info, new KeptCollection(info).ThrowIfLost);
        }
        else if (info.Kind == JsonTypeInfoKind.Object && !info.Type.IsSealed)
        {
            Before(info, value => ThrowIfDerived(value, info.Type));
        }
    }

    private static void Before(JsonTypeInfo info, Action<object> look)
    {
        Action<object>? own = info.OnSerializing;
        info.OnSerializing = own is null ? look : look + own;
    }

    // A member omitted when null or default would be read back as the property's initial value.
    private static void WriteAlways(JsonTypeInfo info)
    {
        foreach (JsonPropertyInfo property in info.Properties)
        {
            if (property.Get is not null && property.Set is not null && !property.IsExtensionData)
            {
                property.ShouldSerialize = static (_, _) => true;
            }
        }
    }

    private static void ThrowIfDerived(object value, Type type)
    {
        if (value.GetType() != type)
        {
            throw new NotSupportedException(
                $"A {RecordLayout.NameOf(value.GetType())} stands where a {RecordLayout.NameOf(type)} is declared: what the one has more "
                + "would be lost. Name the derived types by JsonDerivedType.");
        }
    }
}
