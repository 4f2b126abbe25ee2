using System.Collections;
using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace FastStream.Serialization;

/// <summary>Compares collections that are written with an empty one of their type, as reading creates it.</summary>
/// <remarks>
/// JSON contains only the elements. The comparer is part of the meaning of a set or dictionary, and reading uses the
/// one of the type's constructor.
/// </remarks>
internal sealed class KeptCollection(JsonTypeInfo info)
{
    private static readonly Type[] MoreThanSequences =
        [typeof(ISet<>), typeof(IReadOnlySet<>), typeof(IDictionary<,>), typeof(IReadOnlyDictionary<,>)];

    private static readonly ConditionalWeakTable<Type, PropertyInfo[]> ComparersOf = [];   // does not keep types from being unloaded

    private object? _asRead;   // an empty collection, created when needed: by then the type's JSON metadata are complete

    /// <summary>Refuses a collection that would differ after reading.</summary>
    /// <exception cref="NotSupportedException">The collection has another type or another comparer.</exception>
    public void ThrowIfLost(object value)
    {
        object asRead = _asRead ??= JsonSerializer.Deserialize(info.Kind == JsonTypeInfoKind.Dictionary ? "{}" : "[]", info)!;
        Type type = value.GetType();
        PropertyInfo[] comparers = ComparersOf.GetValue(type, FindComparers);
        if (type != asRead.GetType())
        {
            if (!IsSequence(type, asRead, comparers))
            {
                throw new NotSupportedException(
                    $"A {RecordLayout.NameOf(type)} stands where a {RecordLayout.NameOf(info.Type)} is declared, and would come back as a "
                    + $"{RecordLayout.NameOf(asRead.GetType())}. Declare the type that it has.");
            }

            return;
        }

        foreach (PropertyInfo comparer in comparers)
        {
            object? found = comparer.GetValue(value);
            object? expected = comparer.GetValue(asRead);
            if (!AreSame(found, expected))
            {
                throw new NotSupportedException(
                    $"The {comparer.Name} of a {RecordLayout.NameOf(type)} is a {NameOf(found)}, which JSON does not keep: it would come "
                    + $"back with {NameOf(expected)}. Use a class derived from it whose constructor without parameters gives the comparer, "
                    + "or the default comparer with keys made alike beforehand.");
            }
        }
    }

    // For IEnumerable, IReadOnlyList and the like, which are read as a list, any sequence will do that consists of its
    // elements only.
    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = "An interface that was trimmed away is one that nobody asks for.")]
    private bool IsSequence(Type type, object asRead, PropertyInfo[] comparers) =>
        info.Type.IsInterface && asRead is IList && comparers.Length == 0
        && (type.IsArray || RecordLayout.IsOfFramework(type) || type.Name.StartsWith('<'))
        && !type.GetInterfaces().Any(of => of.IsGenericType && MoreThanSequences.Contains(of.GetGenericTypeDefinition()));

    private static string NameOf(object? comparer) => comparer is null ? "none" : RecordLayout.NameOf(comparer.GetType());

    [DynamicDependency(DynamicallyAccessedMemberTypes.PublicProperties, typeof(HashSet<>))]
    [DynamicDependency(DynamicallyAccessedMemberTypes.PublicProperties, typeof(Dictionary<,>))]
    [DynamicDependency(DynamicallyAccessedMemberTypes.PublicProperties, typeof(OrderedDictionary<,>))]
    [DynamicDependency(DynamicallyAccessedMemberTypes.PublicProperties, typeof(SortedSet<>))]
    [DynamicDependency(DynamicallyAccessedMemberTypes.PublicProperties, typeof(SortedDictionary<,>))]
    [DynamicDependency(DynamicallyAccessedMemberTypes.PublicProperties, typeof(SortedList<,>))]
    [DynamicDependency(DynamicallyAccessedMemberTypes.PublicProperties, typeof(ConcurrentDictionary<,>))]
    [DynamicDependency(DynamicallyAccessedMemberTypes.PublicProperties, typeof(ImmutableHashSet<>))]
    [DynamicDependency(DynamicallyAccessedMemberTypes.PublicProperties, typeof(ImmutableSortedSet<>))]
    [DynamicDependency(DynamicallyAccessedMemberTypes.PublicProperties, typeof(ImmutableDictionary<,>))]
    [DynamicDependency(DynamicallyAccessedMemberTypes.PublicProperties, typeof(ImmutableSortedDictionary<,>))]
    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = "The properties of the framework's collections are named above.")]
    private static PropertyInfo[] FindComparers(Type type) =>
        [.. type.GetProperties(BindingFlags.Instance | BindingFlags.Public)
            .Where(property => property.CanRead && property.GetIndexParameters().Length == 0 && IsComparer(property.PropertyType))];

    private static bool IsComparer(Type type) =>
        type == typeof(IComparer) || type == typeof(IEqualityComparer)
        || (type.IsGenericType && type.GetGenericTypeDefinition() is var generic
            && (generic == typeof(IComparer<>) || generic == typeof(IEqualityComparer<>)));

    [SuppressMessage("Usage", "MA0024", Justification = "It is what a set without a comparer has.")]
    private static bool AreSame(object? found, object? expected) =>
        Equals(found, expected)
        || (ReferenceEquals(found, StringComparer.Ordinal) && ReferenceEquals(expected, EqualityComparer<string>.Default))
        || (found is not null && found.GetType() == expected?.GetType() && HasNoFields(found.GetType()));

    // For a comparer that a constructor creates anew each time, the type is enough if it has no fields.
    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = "Where fields may have been trimmed away, the answer is no.")]
    [UnconditionalSuppressMessage("Trimming", "IL2075", Justification = "Where fields may have been trimmed away, the answer is no.")]
    private static bool HasNoFields(Type type)
    {
        for (Type? own = type; RuntimeFeature.IsDynamicCodeSupported && own is not null; own = own.BaseType)
        {
            if (own.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly).Length > 0)
            {
                return false;
            }
        }

        return RuntimeFeature.IsDynamicCodeSupported;
    }
}
