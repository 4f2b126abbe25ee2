using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace FastStream.Serialization;

/// <summary>
/// An <see cref="Optional{T}"/> in the JSON of checkpoints: <c>[value]</c>, or <c>[]</c> for none, so that a value of
/// null stays one.
/// </summary>
internal sealed class ExactOptionalConverter : JsonConverterFactory
{
    public override bool CanConvert(Type typeToConvert) =>
        typeToConvert.IsGenericType && typeToConvert.GetGenericTypeDefinition() == typeof(Optional<>);

    // By way of the type itself, as in OptionalJsonConverter: ahead-of-time compilation cannot make the converter's type at run time.
    [UnconditionalSuppressMessage("Trimming", "IL2067", Justification = "No constructor runs: the default of a struct is taken.")]
    public override JsonConverter CreateConverter(Type typeToConvert, JsonSerializerOptions options) =>
        ((IOptional)RuntimeHelpers.GetUninitializedObject(typeToConvert)).NewExactJsonConverter();

    internal sealed class Of<T> : JsonConverter<Optional<T>>
    {
        public override Optional<T> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            if (reader.TokenType == JsonTokenType.StartArray && reader.Read())
            {
                if (reader.TokenType == JsonTokenType.EndArray)
                {
                    return default;
                }

                T value = JsonSerializer.Deserialize(ref reader, TypeOf(options))!;
                if (reader.Read() && reader.TokenType == JsonTokenType.EndArray)
                {
                    return new Optional<T>(value);
                }
            }

            throw new JsonException("An optional is an array of one value or none.");
        }

        public override void Write(Utf8JsonWriter writer, Optional<T> value, JsonSerializerOptions options)
        {
            writer.WriteStartArray();
            if (value.TryGetValue(out T? present))
            {
                JsonSerializer.Serialize(writer, present, TypeOf(options));
            }

            writer.WriteEndArray();
        }

        private static JsonTypeInfo<T> TypeOf(JsonSerializerOptions options) => (JsonTypeInfo<T>)options.GetTypeInfo(typeof(T));
    }
}
