using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace FastStream.Serialization;

/// <summary>
/// The serializers of a program, by record type: those added, else one of three built-in ones that fit most types.
/// </summary>
/// <remarks>
/// <list type="bullet">
/// <item>Structs without references, with or without texts: the bytes of their fields, followed by the texts. For
/// example numbers, times, tuples and record structs of these.</item>
/// <item><see cref="string"/>: UTF-8.</item>
/// <item>Everything else: the public properties and fields as JSON, by System.Text.Json. Add a serializer of your own
/// where that is too slow or incomplete.</item>
/// </list>
/// Add serializers before the context starts; reading is safe from any thread after that.
/// </remarks>
public sealed class RecordSerializers
{
    private readonly Dictionary<Type, object> _added = [];
    private readonly ConcurrentDictionary<Type, object> _builtIn = new();   // examining a type is slow

    /// <summary>Sets the serializer of a type.</summary>
    /// <returns>This object, for further calls.</returns>
    public RecordSerializers Add<T>(IRecordSerializer<T> serializer)
    {
        ArgumentNullException.ThrowIfNull(serializer);
        _added[typeof(T)] = serializer;
        return this;
    }

    /// <summary>The serializer of a type.</summary>
    /// <exception cref="NotSupportedException">
    /// Records of the type contain something that no built-in serializer can restore, such as memory of their batch in
    /// an array, a delegate, or a field that nothing can set.
    /// </exception>
    public IRecordSerializer<T> Of<T>() =>
        (IRecordSerializer<T>)(_added.TryGetValue(typeof(T), out object? added)
            ? added : _builtIn.GetOrAdd(typeof(T), static _ => BuiltIn<T>()));

    private static object BuiltIn<T>()
    {
        if (RecordTexts<T>.Unreachable is { } inside)
        {
            throw new NotSupportedException(
                $"{typeof(T)} holds a {inside}, which ends with its batch and cannot be written to a checkpoint. "
                + $"Make strings or arrays of it first, or add a serializer for {typeof(T)} to CheckpointOptions.Serializers.");
        }

        if (typeof(T) == typeof(string))
        {
            return new TextSerializer();
        }

        return RuntimeHelpers.IsReferenceOrContainsReferences<T>() ? Json<T>() : new RawSerializer<T>();
    }

    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "A trimmed program adds serializers for its "
        + "types; the message of the JSON serializer says so.")]
    [UnconditionalSuppressMessage("AOT", "IL3050", Justification = "A program compiled ahead of time adds "
        + "serializers for its types; the message of the JSON serializer says so.")]
    private static JsonRecordSerializer<T> Json<T>() => new();
}
