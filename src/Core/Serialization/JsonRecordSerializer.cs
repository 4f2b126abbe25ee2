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
/// The serializer refuses what JSON would not restore unchanged, by type where the type shows it, else when the value
/// is written: a set or dictionary with a comparer of its own, an object of a class derived from the declared one,
/// objects that contain themselves or are nested more than 64 deep. It does not detect two changes: an object
/// referenced from two places becomes two equal objects, and a value that a property or constructor changes is changed
/// once more.
/// </remarks>
/// <typeparam name="T">The record.</typeparam>
public sealed class JsonRecordSerializer<T> : IRecordSerializer<T>
{
    private const int InJson = -1;        // a short text of a record stays in the JSON
    private const int TextsFollow = -2;   // long texts follow: | -2 (4 bytes) | length, JSON | for each: length or -1 (4), bytes |

    private readonly JsonTypeInfo<T> _type;

    /// <summary>A serializer that uses generated code of the JSON source generator.</summary>
    /// <remarks>
    /// Its options apply as far as they restore values unchanged. Texts, strings, times and so on, and also NaN and
    /// infinities, have formats of our own where JSON's would change them. Public fields are written too, and JSON with
    /// a member that the type no longer has is refused, unless the type permits it by
    /// <see cref="JsonUnmappedMemberHandlingAttribute"/>. Types that JSON does not restore are refused as by the other
    /// constructor; in a program compiled ahead of time, only values are checked, when they are written.
    /// </remarks>
    /// <param name="type">Such as <c>OrdersJson.Default.Order</c>.</param>
    /// <exception cref="NotSupportedException">
    /// JSON would not restore something in the record unchanged; the message says what.
    /// </exception>
    public JsonRecordSerializer(JsonTypeInfo<T> type)
    {
        ArgumentNullException.ThrowIfNull(type);
        if (!IsOfItsOptions(type))
        {
            // A type with a converter of its own is the program's responsibility: nothing else knows how its members
            // are written.
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
    /// A serializer by reflection: public properties and fields. A new member begins with its default; JSON with a
    /// member that the type no longer has is refused.
    /// </summary>
    /// <exception cref="NotSupportedException">
    /// JSON would not restore something in the record unchanged; the message says what.
    /// </exception>
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
            UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,   // a renamed member would be lost silently
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
    /// <exception cref="NotSupportedException">
    /// JSON would not restore something in the record unchanged; the message says what.
    /// </exception>
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

    // The program's own JSON, with our checks of the values, in which nothing is lost unless the program permits it.
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

    // After the program's own converters, which take precedence.
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
            // Any exception from a constructor or property of the record.
            throw new InvalidDataException($"A {typeof(T)} cannot be read from its JSON: {error.Message}", error);
        }

        bytes = bytes[length..];
        return record;
    }
}
