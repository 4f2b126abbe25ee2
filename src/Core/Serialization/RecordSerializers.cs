using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace FastStream;

/// <summary>The serializers of a program, by record type: those that were added, else one of three that fit most types.</summary>
/// <remarks>
/// <list type="bullet">
/// <item>Structs without references, also with texts in them: their bytes, and the texts behind them. Numbers, times, tuples and record structs of such.</item>
/// <item><see cref="string"/>: UTF-8.</item>
/// <item>Everything else: JSON by System.Text.Json, public properties and fields. Give a serializer of your own where that is too slow or does not say all.</item>
/// </list>
/// Add before the context starts; safe to read from any thread after that.
/// </remarks>
public sealed class RecordSerializers
{
    private readonly Dictionary<Type, object> _added = [];

    /// <summary>Uses a serializer for a type.</summary>
    /// <returns>This, for more.</returns>
    public RecordSerializers Add<T>(IRecordSerializer<T> serializer)
    {
        ArgumentNullException.ThrowIfNull(serializer);
        _added[typeof(T)] = serializer;
        return this;
    }

    /// <summary>The serializer of a type.</summary>
    /// <exception cref="NotSupportedException">Records of the type hold memory of their batch where no serializer finds it, such as texts in an array.</exception>
    public IRecordSerializer<T> Of<T>()
    {
        if (_added.TryGetValue(typeof(T), out object? added))
        {
            return (IRecordSerializer<T>)added;
        }

        if (RecordTexts<T>.Unreachable is { } inside && typeof(T).IsValueType)
        {
            throw new NotSupportedException($"{typeof(T)} holds a {inside}, which ends with its batch and cannot be written to a checkpoint. Make strings or arrays of it first, or add a serializer for {typeof(T)} to CheckpointOptions.Serializers.");
        }

        if (typeof(T) == typeof(string))
        {
            return (IRecordSerializer<T>)(object)new TextSerializer();
        }

        return RuntimeHelpers.IsReferenceOrContainsReferences<T>() ? Json<T>() : new RawSerializer<T>();
    }

    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "A trimmed program adds serializers for its types; the message of the JSON serializer says so.")]
    [UnconditionalSuppressMessage("AOT", "IL3050", Justification = "A program compiled ahead of time adds serializers for its types; the message of the JSON serializer says so.")]
    private static JsonRecordSerializer<T> Json<T>() => new();
}
