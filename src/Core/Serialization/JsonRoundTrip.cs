using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace FastStream.Serialization;

/// <summary>Finds what JSON would not restore unchanged, before anything is written.</summary>
/// <remarks>
/// JSON must restore every field of a class: a public one, or one behind a property that has a setter or a constructor
/// parameter of its name. Only <see cref="JsonIgnoreAttribute"/> exempts a field. Otherwise, a counter that only a
/// method changes would silently be 0 after a restart.
/// </remarks>
[RequiresUnreferencedCode("Reads members by reflection.")]
[RequiresDynamicCode("May make code at run time.")]
internal sealed class JsonRoundTrip
{
    private const BindingFlags Own = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    private static readonly Type[] NeverBack = [typeof(object), typeof(nint), typeof(nuint), typeof(ValueType), typeof(Enum)];

    // JSON lists the top of a stack first, and reading pushes it first: the order is reversed.
    private static readonly Type[] Reversed = [typeof(Stack<>), typeof(ConcurrentStack<>), typeof(ImmutableStack<>),
        typeof(IImmutableStack<>)];

    private static readonly Type[] Keys =
    [
        typeof(string), typeof(decimal), typeof(Guid), typeof(DateTime), typeof(DateTimeOffset), typeof(DateOnly),
        typeof(TimeOnly), typeof(TimeSpan), typeof(Uri), typeof(Version),
        typeof(Half), typeof(Int128), typeof(UInt128),
    ];

    private readonly Type _record;
    private readonly JsonSerializerOptions _options;
    private readonly HashSet<Type> _seen = [];

    private JsonRoundTrip(Type record, JsonSerializerOptions options)
    {
        _record = record;
        _options = options;
    }

    /// <summary>Checks a record type.</summary>
    /// <exception cref="NotSupportedException">Something in it would be lost or changed.</exception>
    public static void Check(Type record, JsonSerializerOptions options) => new JsonRoundTrip(record, options).Visit(record);

    private void Visit(Type type)
    {
        if (!_seen.Add(type))
        {
            return;
        }

        if (Nullable.GetUnderlyingType(type) is { } present)
        {
            Visit(present);
            return;
        }

        ThrowIfNeverBack(type);
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Optional<>))
        {
            Visit(type.GetGenericArguments()[0]);
            return;
        }

        JsonTypeInfo info = InfoOf(type);
        switch (info.Kind)
        {
            case JsonTypeInfoKind.Object:
                VisitObject(type, info);
                break;
            case JsonTypeInfoKind.Enumerable:
                VisitCollection(type, info, "[]");
                break;
            case JsonTypeInfoKind.Dictionary:
                Type key = info.KeyType!;
                if (!Keys.Contains(key) && !key.IsEnum && !(key.IsPrimitive && !NeverBack.Contains(key)))
                {
                    throw Lost($"{RecordLayout.NameOf(type)} has keys that JSON cannot name");
                }

                VisitCollection(type, info, "{}");
                break;
        }
    }

    private void VisitCollection(Type type, JsonTypeInfo info, string empty)
    {
        try
        {
            JsonSerializer.Deserialize(empty, info);
        }
        catch (Exception error) when (error is NotSupportedException or InvalidOperationException)
        {
            throw Lost($"{RecordLayout.NameOf(type)} cannot be filled from JSON", error);
        }

        for (Type? own = type; own is not null && !RecordLayout.IsOfFramework(own); own = own.BaseType)
        {
            if (own.GetFields(Own).FirstOrDefault() is { } field)
            {
                throw Lost($"{RecordLayout.NameOf(own)} is a list in JSON, without its field {field.Name}");
            }
        }

        Visit(info.ElementType!);
    }

    private void VisitObject(Type type, JsonTypeInfo info)
    {
        if (info.PolymorphismOptions is { } polymorphism)
        {
            foreach (JsonDerivedType derived in polymorphism.DerivedTypes)
            {
                if (derived.TypeDiscriminator is null && derived.DerivedType != type)
                {
                    string name = RecordLayout.NameOf(derived.DerivedType);
                    throw Lost($"the JsonDerivedType of {RecordLayout.NameOf(type)} gives {name} no discriminator to be read by");
                }

                Visit(derived.DerivedType);
            }
        }
        else if (type.IsAbstract)
        {
            throw Lost($"{RecordLayout.NameOf(type)} is abstract or an interface, and does not say which types it stands for");
        }

        if (!type.IsAbstract)
        {
            if (info.CreateObject is null && info.ConstructorAttributeProvider is null)
            {
                throw Lost($"{RecordLayout.NameOf(type)} has no public constructor that JSON can call");
            }

            ThrowIfFieldIsLost(type, info);
        }

        foreach (JsonPropertyInfo property in info.Properties
            .Where(property => property.Get is not null && property.CustomConverter is null))
        {
            ThrowIfNeverBack(property.PropertyType);
            if (property.NumberHandling is { } numbers
                && numbers.HasFlag(JsonNumberHandling.WriteAsString) && !numbers.HasFlag(JsonNumberHandling.AllowReadingFromString))
            {
                throw Lost($"{RecordLayout.NameOf(type)}.{property.Name} is written as a string, and not read from one");
            }

            if (ComesBack(property))
            {
                Visit(property.PropertyType);
            }
        }
    }

    private void ThrowIfFieldIsLost(Type type, JsonTypeInfo info)
    {
        for (Type? own = type; own is not null && own != typeof(object) && own != typeof(ValueType); own = own.BaseType)
        {
            foreach (FieldInfo field in own.GetFields(Own))
            {
                string name = NameOfPropertyOf(field);
                bool comesBack = info.Properties.Any(property => ComesBack(property) && property.AttributeProvider is MemberInfo member
                    && (member == field || (member is PropertyInfo behind && IsFieldOf(own, field, name, behind))));
                if (!comesBack && !MayBeForgotten(own, field, name))
                {
                    throw Lost($"{RecordLayout.NameOf(own)}.{(field.Name.StartsWith('<') ? name : field.Name)} is not read back");
                }
            }
        }
    }

    // A compiler's backing field belongs to one property, which may be overridden but not hidden; a field named like a
    // property belongs to it, unless the property has a backing field of the compiler.
    private static bool IsFieldOf(Type own, FieldInfo field, string name, PropertyInfo property)
    {
        if (field.Name.EndsWith(">k__BackingField", StringComparison.Ordinal))
        {
            MethodInfo? getter = own.GetProperty(name, Own)?.GetMethod;
            return property.Name == name
                && (property.DeclaringType == own || property.GetMethod?.GetBaseDefinition() == getter?.GetBaseDefinition());
        }

        return string.Equals(property.Name, name, StringComparison.OrdinalIgnoreCase)
            && property.DeclaringType?.GetField($"<{property.Name}>k__BackingField", Own) is null;
    }

    private static bool ComesBack(JsonPropertyInfo property) =>
        property.Get is not null && (property.Set is not null || property.AssociatedParameter is not null);

    private static bool MayBeForgotten(Type own, FieldInfo field, string property) =>
        field.IsDefined(typeof(JsonIgnoreAttribute))
        || own.GetProperties(Own)
            .Any(other => string.Equals(other.Name, property, StringComparison.OrdinalIgnoreCase)
                && other.IsDefined(typeof(JsonIgnoreAttribute)));

    // <Name>k__BackingField, _name, m_Name, name
    private static string NameOfPropertyOf(FieldInfo field)
    {
        string name = FieldNames.AsDeclared(field);
        if (name != field.Name)
        {
            return name;
        }

        return name.StartsWith("m_", StringComparison.Ordinal) ? name[2..] : name.TrimStart('_');
    }

    private void ThrowIfNeverBack(Type type)
    {
        if (NeverBack.Contains(type) || type.IsVariableBoundArray || type.IsPointer || type.IsByRefLike || IsAsyncSequence(type)
            || typeof(Delegate).IsAssignableFrom(type) || typeof(MemberInfo).IsAssignableFrom(type))
        {
            throw Lost($"it holds a {RecordLayout.NameOf(type)}, of which JSON cannot say enough");
        }

        if (type.IsGenericType && Reversed.Contains(type.GetGenericTypeDefinition()))
        {
            throw Lost($"it holds a {RecordLayout.NameOf(type)}, which comes back in reverse order");
        }
    }

    private static bool IsAsyncSequence(Type type) =>
        type.GetInterfaces().Append(type).Any(of => of.IsGenericType && of.GetGenericTypeDefinition() == typeof(IAsyncEnumerable<>));

    private JsonTypeInfo InfoOf(Type type)
    {
        try
        {
            return _options.GetTypeInfo(type);
        }
        catch (Exception error) when (error is NotSupportedException or InvalidOperationException)
        {
            throw Lost(error.Message, error);
        }
    }

    private NotSupportedException Lost(string what, Exception? error = null) =>
        new($"{RecordLayout.NameOf(_record)} cannot be kept as JSON: {what}. Make it public with a setter or a "
            + "parameter of the constructor, mark it with JsonIgnore where it may be forgotten, or add a "
            + $"serializer for {RecordLayout.NameOf(_record)} to CheckpointOptions.Serializers.", error);
}
