using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace FastStream.Serialization;

/// <summary>
/// The names of enum members for schemas. Enums are written as numbers, and without the names a moved member would be
/// read as another one.
/// </summary>
/// <remarks>
/// <code> enum Shop.Size(Small=0 Large=1)</code> The framework's enums are not included: they do not change.
/// </remarks>
internal static class EnumNames
{
    /// <summary>Names the enums in a struct's fields.</summary>
    public static string OfFields(Type record)
    {
        var seen = new HashSet<Type>();
        var enums = new List<Type>();
        Walk(record);
        return Describe(enums);

        void Walk(Type type)
        {
            if (!seen.Add(type))
            {
                return;
            }

            if (type.IsEnum)
            {
                enums.Add(type);
            }
            else if (type.IsValueType && !type.IsPrimitive)
            {
                foreach (FieldInfo field in RecordLayout.FieldsOf(type))
                {
                    Walk(field.FieldType);
                }
            }
        }
    }

    /// <summary>
    /// Names the enums that are numbers in a type's JSON. As keys of dictionaries, enums are written as names.
    /// </summary>
    public static string OfJson(JsonTypeInfo record)
    {
        var seen = new HashSet<Type>();
        var enums = new List<Type>();
        Walk(record.Type);
        return Describe(enums);

        void Walk(Type type)
        {
            type = Nullable.GetUnderlyingType(type) ?? type;
            if (!seen.Add(type))
            {
                return;
            }

            if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Optional<>))
            {
                Walk(type.GetGenericArguments()[0]);
            }

            if (!record.Options.TryGetTypeInfo(type, out JsonTypeInfo? info))
            {
                return;
            }

            if (type.IsEnum && IsNumber(info))
            {
                enums.Add(type);
            }

            if (info.ElementType is { } element)
            {
                Walk(element);
            }

            foreach (JsonPropertyInfo property in info.Properties.Where(IsWritten))
            {
                Walk(property.PropertyType);
            }

            foreach (JsonDerivedType derived in info.PolymorphismOptions?.DerivedTypes ?? [])
            {
                Walk(derived.DerivedType);
            }
        }
    }

    private static bool IsWritten(JsonPropertyInfo property) => property.CustomConverter is null && property.Get is not null;

    private static bool IsNumber(JsonTypeInfo info) =>
        JsonSerializer.SerializeToUtf8Bytes(Enum.ToObject(info.Type, 0), info)[0] != (byte)'"';

    private static string Describe(List<Type> enums) => string.Concat(
        enums.Where(type => !RecordLayout.IsOfFramework(type)).Select(type => $" enum {RecordLayout.NameOf(type)}({Members(type)})"));

    private static string Members(Type type)
    {
        Array values = Enum.GetValuesAsUnderlyingType(type);
        return string.Join(' ', Enum.GetNames(type).Select((name, i) => $"{name}={values.GetValue(i)}"));
    }
}
