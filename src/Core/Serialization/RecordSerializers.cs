using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace FastStream.Serialization;

/// <summary>The serializers of a program, by record type: those that were added, else one of three that fit most types.</summary>
/// <remarks>
/// <list type="bullet">
/// <item>Structs without references, also with texts in them: the bytes of their fields, and the texts behind them.
/// Numbers, times, tuples and record structs of such.</item>
/// <item><see cref="string"/>: UTF-8.</item>
/// <item>Everything else: JSON by System.Text.Json, public properties and fields. Give a serializer of your own where
/// that is too slow or does not say all.</item>
/// </list>
/// Add before the context starts; safe to read from any thread after that.
/// </remarks>
public sealed class RecordSerializers
{
    private readonly Dictionary<Type, object> _added = [];
    private readonly ConcurrentDictionary<Type, object> _builtIn = new();   // looking through a type takes long

    /// <summary>Uses a serializer for a type.</summary>
    /// <returns>This, for more.</returns>
    public RecordSerializers Add<T>(IRecordSerializer<T> serializer)
    {
        ArgumentNullException.ThrowIfNull(serializer);
        _added[typeof(T)] = serializer;
        return this;
    }

    /// <summary>The serializer of a type.</summary>
    /// <exception cref="NotSupportedException">Records of the type hold something that no built-in serializer brings
    /// back as it was, such as memory of their batch in an array, a delegate, or a field that nothing can
    /// set.</exception>
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
