using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace FastStream.Serialization;

/// <summary>An <see cref="Optional{T}"/> in JSON: its value, or <c>null</c> if it has none.</summary>
/// <remarks>
/// A source-generated context must name the type of the value too: <c>[JsonSerializable(typeof(int))]</c> beside
/// <c>[JsonSerializable(typeof(Optional&lt;int&gt;))]</c>.
/// </remarks>
public sealed class OptionalJsonConverter : JsonConverterFactory
{
    private readonly bool _isExact;

    /// <summary>A converter for JSON that other programs write and read.</summary>
    public OptionalJsonConverter()
    {
    }

    /// <param name="isExact">
    /// Whether it writes <c>[value]</c>, or <c>[]</c> for none, as in checkpoints, so that a value of null is kept.
    /// </param>
    internal OptionalJsonConverter(bool isExact) => _isExact = isExact;

    /// <inheritdoc/>
    public override bool CanConvert(Type typeToConvert)
    {
        ArgumentNullException.ThrowIfNull(typeToConvert);
        return typeToConvert.IsGenericType && typeToConvert.GetGenericTypeDefinition() == typeof(Optional<>);
    }

    /// <inheritdoc/>
    // Through the type itself: creating the converter's type at run time needs code that ahead-of-time compilation does
    // not have.
    [UnconditionalSuppressMessage("Trimming", "IL2067", Justification = "No constructor runs: the default of a struct is taken.")]
    public override JsonConverter CreateConverter(Type typeToConvert, JsonSerializerOptions options) =>
        ((IOptional)RuntimeHelpers.GetUninitializedObject(typeToConvert)).NewJsonConverter(_isExact);

    internal sealed class Of<T>(bool isExact) : JsonConverter<Optional<T>>
    {
        public override Optional<T> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            if (!isExact)
            {
                return reader.TokenType == JsonTokenType.Null ? default : ReadValue(ref reader, options);
            }

            if (reader.TokenType == JsonTokenType.StartArray && reader.Read())
            {
                if (reader.TokenType == JsonTokenType.EndArray)
                {
                    return default;
                }

                Optional<T> present = ReadValue(ref reader, options);
                if (reader.Read() && reader.TokenType == JsonTokenType.EndArray)
                {
                    return present;
                }
            }

            throw new JsonException("An optional is an array of one value or none.");
        }

        public override void Write(Utf8JsonWriter writer, Optional<T> value, JsonSerializerOptions options)
        {
            if (isExact)
            {
                writer.WriteStartArray();
            }

            if (value.TryGetValue(out T? present))
            {
                JsonSerializer.Serialize(writer, present, TypeOf(options));
            }
            else if (!isExact)
            {
                writer.WriteNullValue();
            }

            if (isExact)
            {
                writer.WriteEndArray();
            }
        }

        private static Optional<T> ReadValue(ref Utf8JsonReader reader, JsonSerializerOptions options) =>
            new(JsonSerializer.Deserialize(ref reader, TypeOf(options))!);

        private static JsonTypeInfo<T> TypeOf(JsonSerializerOptions options) => (JsonTypeInfo<T>)options.GetTypeInfo(typeof(T));
    }
}

/// <summary>An optional of any type, for code that does not know the type.</summary>
internal interface IOptional
{
    /// <summary>The value; null where it is absent.</summary>
    object? ValueOrNull { get; }

    JsonConverter NewJsonConverter(bool isExact);
}
