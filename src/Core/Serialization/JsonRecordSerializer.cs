using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace FastStream.Serialization;

/// <summary>Records as JSON, for types that hold references.</summary>
/// <remarks>
/// What would not come back as it was is refused, by type where the type shows it, else when the value is written: a set or dictionary with
/// a comparer of its own, an object of a class that is derived from the declared one, objects that hold themselves or more than 64 others
/// inside one another. An object that stands in two places becomes two equal ones, and what a property or constructor changes is changed
/// once more: these are not seen.
/// </remarks>
/// <typeparam name="T">The record.</typeparam>
public sealed class JsonRecordSerializer<T> : IRecordSerializer<T>
{
    private const int InJson = -1;        // a text of a record that is short stays in the JSON
    private const int TextsFollow = -2;   // long ones follow: | -2 (4 bytes) | length, JSON | for each: length or -1 (4), bytes |

    private readonly JsonTypeInfo<T> _type;

    /// <summary>A serializer by what the JSON source generator wrote.</summary>
    /// <remarks>
    /// Its options count, as far as values come back by them: texts, strings, times and so on are written in forms of
    /// our own where JSON's would change them, and so are NaN and infinities; public fields are written too, and JSON
    /// with a member that the type has no more is refused, unless the type says otherwise by
    /// <see cref="JsonUnmappedMemberHandlingAttribute"/>. What does not come back is refused as by the other
    /// constructor; in a program compiled ahead of time only what values show when they are written.
    /// </remarks>
    /// <param name="type">Such as <c>OrdersJson.Default.Order</c>.</param>
    /// <exception cref="NotSupportedException">Something in the record would not come back as it was; the message says what.</exception>
    public JsonRecordSerializer(JsonTypeInfo<T> type)
    {
        ArgumentNullException.ThrowIfNull(type);
        if (!IsOfItsOptions(type))
        {
            // With a converter of its own it is all that the program says it is; of members nobody else could say how they are written.
            _type = type.Kind == JsonTypeInfoKind.None ? type : throw new NotSupportedException(
                $"The JsonTypeInfo of {RecordLayout.NameOf(typeof(T))} is none that its options give. Take that of "
                    + "a JsonSerializerContext or of "
                + $"options.GetTypeInfo(typeof({typeof(T).Name})), or write an IRecordSerializer.");
            Schema = $"json {RecordLayout.NameOf(typeof(T))}";
            return;
        }

        _type = Watched(type);
        if (RuntimeFeature.IsDynamicCodeSupported)
        {
            CheckRoundTrip(_type.Options);
        }

        Schema = SchemaOf(_type);
    }

    /// <summary>
    /// A serializer by reflection: public properties and fields. A member that is new begins with its default; JSON
    /// with one that the type has no more is refused.
    /// </summary>
    /// <exception cref="NotSupportedException">Something in the record would not come back as it was; the message says what.</exception>
    [RequiresUnreferencedCode("Reads the members of T by reflection. Give the JsonTypeInfo<T> of a source-generated "
        + "context where the program is trimmed.")]
    [RequiresDynamicCode("May make code at run time. Give the JsonTypeInfo<T> of a source-generated context where "
        + "the program is compiled ahead of time.")]
    public JsonRecordSerializer()
    {
        var options = new JsonSerializerOptions
        {
            IncludeFields = true,
            NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
            UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,   // a member that was renamed would be forgotten without a word
            TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { ExactValues.Watch } },
        };
        AddConverters(options);
        options.MakeReadOnly();
        JsonRoundTrip.Check(typeof(T), options);
        _type = (JsonTypeInfo<T>)options.GetTypeInfo(typeof(T));
        Schema = SchemaOf(_type);
    }

    /// <inheritdoc/>
    public string Schema { get; }

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">Something in the record would not come back as it was; the message says what.</exception>
    public void Write(in T record, IBufferWriter<byte> output)
    {
        ArgumentNullException.ThrowIfNull(output);
        T copy = record;
        if (RecordTexts<T>.LongBytes(ref copy) == 0)
        {
            WriteJson(in copy, output);
            return;
        }

        foreach (int offset in RecordTexts<T>.Places)
        {
            ref Utf8Text text = ref RecordTexts<T>.TextIn(ref copy, offset);
            if (text.IsLong)
            {
                Utf8Text.TryCreateInline(text.Span[..Utf8Text.InlineBytes], out text);
            }
        }

        StateWriter.WriteInt32(output, TextsFollow);
        WriteJson(in copy, output);
        copy = record;
        foreach (int offset in RecordTexts<T>.Places)
        {
            ref Utf8Text text = ref RecordTexts<T>.TextIn(ref copy, offset);
            StateWriter.WriteInt32(output, text.IsLong ? text.Length : InJson);
            output.Write(text.IsLong ? text.Span : default);
        }
    }

    /// <inheritdoc/>
    public T Read(ref ReadOnlySpan<byte> bytes)
    {
        bool textsFollow = bytes.Length >= sizeof(int) && BinaryPrimitives.ReadInt32LittleEndian(bytes) == TextsFollow;
        ReadOnlySpan<byte> rest = textsFollow ? bytes[sizeof(int)..] : bytes;
        T record = ReadJson(ref rest);
        if (textsFollow)
        {
            foreach (int offset in RecordTexts<T>.Places)
            {
                int length = StateReader.ReadLengthOrNone(ref rest);
                if (length >= 0)
                {
                    RecordTexts<T>.TextIn(ref record, offset) = Utf8Text.OverPinned(rest[..length]);
                    rest = rest[length..];
                }
            }
        }

        bytes = rest;
        return record;
    }

    private static bool IsOfItsOptions(JsonTypeInfo<T> type) =>
        type.Options.TypeInfoResolver is not null && type.Options.TryGetTypeInfo(typeof(T), out JsonTypeInfo? own)
            && ReferenceEquals(own, type);

    // The program's own JSON, with our looks at the values put in, and nothing forgotten that the program did not say may be.
    private static JsonTypeInfo<T> Watched(JsonTypeInfo<T> type)
    {
        JsonSerializerOptions options = type.Options;
        var watched = new JsonSerializerOptions(options)
        {
            IncludeFields = true,
            NumberHandling = options.NumberHandling | JsonNumberHandling.AllowNamedFloatingPointLiterals,
            UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
            TypeInfoResolver = options.TypeInfoResolver!.WithAddedModifier(ExactValues.Watch),
        };
        AddConverters(watched);
        watched.MakeReadOnly();
        return (JsonTypeInfo<T>)watched.GetTypeInfo(typeof(T));
    }

    // Behind the program's own, which come first.
    private static void AddConverters(JsonSerializerOptions options)
    {
        options.Converters.Add(new ExactTextConverter());
        options.Converters.Add(new OptionalJsonConverter(isExact: true));
        options.Converters.Add(new ExactStringConverter());
        options.Converters.Add(new ExactCharConverter());
        options.Converters.Add(new ExactUriConverter());
        options.Converters.Add(new ExactTimeConverter());
    }

    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "A member that was trimmed away holds nothing that could be lost.")]
    [UnconditionalSuppressMessage("AOT", "IL3050", Justification = "Not called where code was compiled ahead of time.")]
    private static void CheckRoundTrip(JsonSerializerOptions options) => JsonRoundTrip.Check(typeof(T), options);

    private static string SchemaOf(JsonTypeInfo<T> type) => $"json {RecordLayout.NameOf(typeof(T))}{EnumNames.OfJson(type)}";

    private void WriteJson(in T record, IBufferWriter<byte> output)
    {
        byte[] json;
        try
        {
            json = JsonSerializer.SerializeToUtf8Bytes(record, _type);
        }
        catch (Exception error) when (error is NotSupportedException or InvalidOperationException or JsonException or ArgumentException)
        {
            throw new NotSupportedException(
                $"A {RecordLayout.NameOf(typeof(T))} cannot be written as JSON: {error.Message} Change what it holds, or add a serializer "
                + $"for {RecordLayout.NameOf(typeof(T))} to CheckpointOptions.Serializers.",
                error);
        }

        StateWriter.WriteInt32(output, json.Length);
        output.Write(json);
    }

    private T ReadJson(ref ReadOnlySpan<byte> bytes)
    {
        int length = StateReader.ReadLength(ref bytes);
        T record;
        try
        {
            record = JsonSerializer.Deserialize(bytes[..length], _type)!;
        }
        catch (Exception error) when (error is not (OutOfMemoryException or InvalidDataException))
        {
            // Whatever a constructor or a property of the record's throws.
            throw new InvalidDataException($"A {typeof(T)} cannot be read from its JSON: {error.Message}", error);
        }

        bytes = bytes[length..];
        return record;
    }
}
